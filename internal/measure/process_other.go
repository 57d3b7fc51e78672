//go:build !linux

package main

import "syscall"

func belongs() *syscall.SysProcAttr { return nil }

func asUser(_, _ string) (*syscall.SysProcAttr, error) { return nil, nil }

func onDisk(string) error { return nil }
