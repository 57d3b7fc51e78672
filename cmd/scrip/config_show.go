package main

import (
	"fmt"

	"github.com/alecthomas/kong"
)

type configCmd struct {
	Show configShowCmd `cmd:"" help:"Print the settings that serve would use."`
}

// configShowCmd takes the flags of serve, so that what it prints is what serve
// would do when called the same way.
type configShowCmd struct {
	serverSettings
	Effective bool `help:"Also those that have their default, and where each value comes from."`
}

// setting is one line of config show.
type setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

func (c *configShowCmd) Run(a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	settings := effective(a.parsed, a.files, c.Effective)
	return a.show(settings, func(t *table) {
		for _, s := range settings {
			if c.Effective {
				t.row(s.Name, s.Value, s.Origin)
			} else {
				t.row(s.Name, s.Value)
			}
		}
	})
}

// effective lists the settings of the parsed command in their order.
func effective(ctx *kong.Context, files *fileResolver, all bool) []setting {
	settings := []setting{}
	for _, flag := range ctx.Selected().Flags {
		if !isSetting(flag) {
			continue
		}
		s := setting{Name: flag.Name, Value: fmt.Sprint(flag.Target.Interface()), Origin: origin(ctx, files, flag)}
		if all || s.Origin != "default" {
			settings = append(settings, s)
		}
	}
	return settings
}

// origin says where a flag's value came from, in the order of precedence (K2).
func origin(ctx *kong.Context, files *fileResolver, flag *kong.Flag) string {
	for _, p := range ctx.Path {
		if p.Flag == flag && !p.Resolved {
			return "flag --" + flag.Name
		}
	}
	if name := variable(flag); name != "" {
		return "variable " + name
	}
	if v, ok := files.values[flag.Name]; ok {
		return fmt.Sprintf("file %s:%d", files.path, v.line)
	}
	return "default"
}

// onCommandLine reports whether a flag was written out.
func onCommandLine(ctx *kong.Context, name string) bool {
	for _, p := range ctx.Path {
		if p.Flag != nil && p.Flag.Name == name && !p.Resolved {
			return true
		}
	}
	return false
}
