package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/willabides/kongplete"
)

// version is set by the linker; see the Makefile.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() { time.AfterFunc(signalEcho, stop) })
	os.Exit(run(newApp(ctx, os.Stdout, os.Stderr), os.Args[1:]))
}

// signalEcho is how long a second signal counts as the first one's echo: some
// supervisors send one to the process and one to its group. After that, it ends
// the process at once.
const signalEcho = time.Second

// grammar is the command line. Kong reads it by reflection.
type grammar struct {
	Config string `help:"Read settings from this YAML file." placeholder:"FILE" env:"SCRIP_CONFIG"`
	Output string `short:"o" help:"Print text for people, or JSON (${enum})." enum:"text,json" default:"text" env:"SCRIP_OUTPUT"`

	Serve    serveCmd    `cmd:"" help:"Serve the API on a data directory."`
	Init     initCmd     `cmd:"" help:"Make a data directory and its first key, without serving."`
	Import   importCmd   `cmd:"" help:"Import codes from a CSV file into a campaign."`
	Generate generateCmd `cmd:"" help:"Generate codes of a campaign."`
	Redeem   redeemCmd   `cmd:"" help:"Redeem a code."`
	Voucher  voucherCmd  `cmd:"" help:"Show a voucher: its state and its timeline."`
	Explain  explainCmd  `cmd:"" help:"Say why a code could be redeemed, or why not. Changes nothing."`
	Keys     keysCmd     `cmd:"" help:"Manage server keys."`
	Events   eventsCmd   `cmd:"" help:"Print what happens, one event a line."`
	Refusals refusalsCmd `cmd:"" help:"Print what was refused lately, or count it."`
	Status   statusCmd   `cmd:"" help:"Show the state of a running server."`
	Backup   backupCmd   `cmd:"" help:"Back up a running server into a directory of its machine."`
	Restore  restoreCmd  `cmd:"" help:"Make a data directory from a backup."`
	Bench    benchCmd    `cmd:"" help:"Measure a server, and audit what it answered."`
	Capacity capacityCmd `cmd:"" help:"Say what memory and disk a load needs."`
	Settings configCmd   `cmd:"" name:"config" help:"Show the settings of serve."`

	BenchBare  benchBareCmd  `cmd:"" name:"bench-bare" hidden:""`
	Version    versionCmd    `cmd:"" help:"Print the version."`
	Completion completionCmd `cmd:"" help:"Print a script that completes scrip's commands in a shell."`
}

// exited carries kong's request to end, for --help, out of its parser.
type exited struct{ code int }

// run is the whole program but the process: it returns the exit code.
func run(a *app, args []string) (code int) {
	g := new(grammar)
	files := new(fileResolver)
	parser, err := kong.New(g,
		kong.Name("scrip"),
		kong.Description("Redemption engine for coupons, vouchers and gift cards.\n\n"+exitCodesHelp),
		kong.Writers(a.out, a.err),
		kong.Exit(func(code int) { panic(exited{code}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: helpColumns}),
		kong.Resolvers(files),
		kong.Bind(files, a),
	)
	if err != nil {
		return a.fail(fmt.Errorf("the command line cannot be built: %w", err))
	}
	files.model = parser.Model
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case exited:
			code = cause.code
		default:
			panic(cause)
		}
	}()
	if os.Getenv("COMP_LINE") != "" {
		kongplete.Complete(parser) // ends through kong.Exit
		return codeDone
	}
	ctx, err := parser.Parse(args)
	a.json = g.Output == "json"
	if err != nil {
		return a.fail(usage(err))
	}
	a.parsed, a.files = ctx, files
	return a.fail(ctx.Run(a))
}

// helpColumns is where help is wrapped on a wide terminal, so that it stays
// readable.
const helpColumns = 110

// BeforeResolve loads the configuration file, before kong asks for its values.
func (g *grammar) BeforeResolve(ctx *kong.Context, files *fileResolver) error {
	for _, flag := range ctx.Model.Flags {
		if flag.Name != "config" {
			continue
		}
		if path, _ := ctx.FlagValue(flag).(string); path != "" {
			return files.load(path)
		}
	}
	return nil
}

// usage marks an error of the command line.
func usage(err error) error {
	var already *usageError
	if err == nil || errors.As(err, &already) {
		return err
	}
	return &usageError{err}
}
