package main

import (
	"context"
	"errors"

	"github.com/scrip-engine/scrip/client"
	"github.com/scrip-engine/scrip/wire"
)

// The exit codes (K1). Scripts branch on them, so they never change.
const (
	codeDone        = 0
	codeNotDone     = 1
	codeUsage       = 2
	codeRefused     = 3
	codeNotFound    = 4
	codeNotAllowed  = 5
	codeUnknown     = 6
	codeUnavailable = 7
)

const exitCodesHelp = "Exit codes: 0 done, 1 not done, 2 wrong usage, 3 refused by the rules, 4 not found, " +
	"5 not allowed, 6 unknown (ask again with the same key), 7 unavailable."

// usageError is a mistake in how scrip was called.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// errPartly ends a verb that did its work but for some rows, which it has told.
var errPartly = errors.New("some rows were not done")

// exitCode is the one place where an error gets its code. The order matters: an
// unknown outcome is unknown whatever else is known about it, and a code that
// does not exist is not found before it is a refusal.
func exitCode(err error) int {
	var misused *usageError
	switch {
	case err == nil:
		return codeDone
	case errors.As(err, &misused):
		return codeUsage
	case client.IsUnknown(err):
		return codeUnknown
	case client.IsDenied(err):
		return codeNotAllowed
	case client.IsNotFound(err):
		return codeNotFound
	case client.IsRefusal(err):
		return codeRefused
	case errors.Is(err, context.Canceled):
		return codeNotDone
	case client.IsUnavailable(err):
		return codeUnavailable
	}
	return codeNotDone
}

// errorLine is what stderr gets with -o json: the server's words, or ours in the
// same fields.
type errorLine struct {
	wire.Error
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	ExitCode       int    `json:"exit_code"`
}

func describe(err error) errorLine {
	line := errorLine{ExitCode: exitCode(err), IdempotencyKey: client.KeyOf(err)}
	var answer *wire.Error
	if errors.As(err, &answer) {
		line.Error = *answer
		if client.IsUnknown(err) {
			line.Outcome = wire.Unknown
		}
		if err.Error() != answer.Error() {
			line.Details = err.Error()
		}
		return line
	}
	line.Error = wire.Error{Key: "local", Message: err.Error(), Outcome: wire.NotDone}
	return line
}
