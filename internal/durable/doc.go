// Package durable makes names of files and directories survive power loss. To
// sync a file makes its bytes durable; that it is found under its name is a change
// of the directory, which has to be synced too.
package durable
