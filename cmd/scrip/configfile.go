package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v4"

	"github.com/scrip-engine/scrip/wire"
)

// configBytesMax bounds the configuration file: two dozen lines and comments.
const configBytesMax = 1 << 20

// fileResolver gives kong the settings of the configuration file. kong asks it
// after the command line and lets it win over the environment, so it holds back
// where a variable is set (K2).
type fileResolver struct {
	model  *kong.Application
	path   string
	values map[string]fileValue
}

type fileValue struct {
	text string
	line int
}

// Validate is part of kong.Resolver. The keys were checked by load.
func (r *fileResolver) Validate(*kong.Application) error { return nil }

// Resolve returns the file's value of a flag, or nil.
func (r *fileResolver) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	v, ok := r.values[flag.Name]
	if !ok || !isSetting(flag) || variable(flag) != "" {
		return nil, nil
	}
	return v.text, nil
}

// isSetting: what has a variable may stand in the file. The rest belongs to one
// call, such as an amount.
func isSetting(flag *kong.Flag) bool { return len(flag.Envs) > 0 && flag.Name != "config" }

// variable returns the name of the flag's variable if that is set.
func variable(flag *kong.Flag) string {
	for _, name := range flag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return name
		}
	}
	return ""
}

// load reads the file: one mapping from names of settings to single values.
func (r *fileResolver) load(path string) error {
	text, err := readBounded(path, configBytesMax)
	if err != nil {
		return usage(fmt.Errorf("configuration file: %w", err))
	}
	r.path, r.values = path, map[string]fileValue{}
	doc, err := document(text)
	if err != nil {
		return usage(fmt.Errorf("configuration file %s: %w", path, err))
	}
	if doc == nil {
		return nil // nothing but comments
	}
	if errs := r.read(doc); len(errs) > 0 {
		return usage(fmt.Errorf("configuration file %s: %w", path, errors.Join(errs...)))
	}
	return nil
}

// document returns the one document of the file, or nil if it is empty.
func document(text []byte) (*yaml.Node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := loader.Load(&second); !errors.Is(err, io.EOF) {
		return nil, errors.Join(errors.New("it has more than one document"), err)
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return nil, nil
	}
	return doc.Content[0], nil
}

func (r *fileResolver) read(m *yaml.Node) (errs []error) {
	if m.Kind != yaml.MappingNode {
		return []error{errors.New("it must have lines of the form 'name: value'")}
	}
	known := r.settings()
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, value := m.Content[i], m.Content[i+1]
		switch _, twice := r.values[key.Value]; {
		case !slices.Contains(known, key.Value):
			text := fmt.Sprintf("line %d: there is no setting %q", key.Line, key.Value)
			if near := wire.Nearest(key.Value, known); near != "" {
				text += fmt.Sprintf("; did you mean %q?", near)
			}
			errs = append(errs, errors.New(text))
		case twice:
			errs = append(errs, fmt.Errorf("line %d: %s stands here twice", key.Line, key.Value))
		case value.Kind != yaml.ScalarNode || value.Tag == "!!null":
			errs = append(errs, fmt.Errorf("line %d: %s must have one value", key.Line, key.Value))
		default:
			r.values[key.Value] = fileValue{text: value.Value, line: key.Line}
		}
	}
	return errs
}

// settings are the names that may stand in the file, of all verbs.
func (r *fileResolver) settings() (names []string) {
	var walk func(n *kong.Node)
	walk = func(n *kong.Node) {
		for _, flag := range n.Flags {
			if isSetting(flag) && !slices.Contains(names, flag.Name) {
				names = append(names, flag.Name)
			}
		}
		for _, child := range n.Children {
			walk(child)
		}
	}
	walk(r.model.Node)
	return names
}

func readAllBounded(in io.Reader, bytesMax int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(in, bytesMax+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > bytesMax {
		return nil, fmt.Errorf("it has more than %d bytes", bytesMax)
	}
	return text, nil
}
