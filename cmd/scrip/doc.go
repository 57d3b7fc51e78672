// Command scrip is the server and everything that people do with it.
//
// One binary, one verb a file. serve, init and restore work on a data directory;
// the others talk to a running server: over the public API with package client,
// or, for status and backup, over the ops address.
//
// It promises:
//
//   - K1 Exit codes tell programs what happened: 0 done, 1 not done, 2 wrong
//     usage, 3 refused by the rules (the error key is on stderr), 4 not found,
//     5 not allowed, 6 unknown (ask again with the key that is printed),
//     7 unavailable. exit.go has the one table.
//   - K2 A setting comes from its flag, else its SCRIP_ variable, else the
//     configuration file, else its default; `config show --effective` says which.
//     A key of the file that does not exist is an error.
//   - K3 Results go to stdout and everything else to stderr. With -o json, stdout
//     has JSON and nothing else, and an error on stderr is JSON too.
//   - K4 Every change carries an idempotency key. An unknown outcome prints it.
//   - K5 No secret has to stand on a command line: --app-token takes @FILE, and
//     SCRIP_APP_TOKEN, the configuration file and DATA/credentials.json (0600)
//     work as well. A token given in clear is accepted with a warning. Local
//     credentials are sent to the server that they are for, and to no other.
//
// It refuses to hold business rules: what a verb prints, the server decided.
package main
