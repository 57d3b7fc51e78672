// Package test drives the real program from outside: bin/scrip as a process, on
// ports that the system chooses, over HTTP alone. `make test` builds the binary
// first; nothing here knows what is inside it.
//
// What a green run means:
//
//   - B1 The official JavaScript SDK works against the server after nothing but
//     its address was changed (sdk_test.go, sdk/).
//   - B2 Every message that the SDK and the Go client exchange with the server
//     is as docs/openapi.yaml describes it, and every operation described there
//     was used with success (contract_test.go, surface_test.go).
//   - B3 kill -9 at any moment loses no acknowledged success, counts none twice
//     and passes no limit (P1 to P5; kill_test.go).
//   - B4 No request makes the server stop answering (P10; abuse_test.go).
//   - B5 Every snippet of README.md does what it says (readme_test.go).
//   - B6 The first data format opens, and has what was put into it (format_test.go).
//
// It refuses to look inside: no package of the server is imported, only the
// client, the words on the wire, and the checker of histories.
package test
