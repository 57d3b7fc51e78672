package main

import (
	"fmt"
	"io"
)

type completionCmd struct {
	Shell string `arg:"" help:"bash, zsh or fish." enum:"bash,zsh,fish"`
}

// Run prints what makes the shell ask scrip itself, through the variable
// COMP_LINE, so that the script never goes out of date. Install it with, for
// bash: scrip completion bash >> ~/.bashrc
func (c *completionCmd) Run(a *app) error {
	var script string
	switch c.Shell {
	case "bash":
		script = "complete -C scrip scrip\n"
	case "zsh":
		script = "autoload -Uz bashcompinit && bashcompinit\ncomplete -C scrip scrip\n"
	case "fish":
		script = "function __scrip_complete\n" +
			"    set -lx COMP_LINE (commandline -cp)\n" +
			"    test -z (commandline -ct); and set COMP_LINE \"$COMP_LINE \"\n" +
			"    scrip\n" +
			"end\n" +
			"complete -f -c scrip -a '(__scrip_complete)'\n"
	}
	if _, err := io.WriteString(a.out, script); err != nil {
		return fmt.Errorf("write the script: %w", err)
	}
	return nil
}
