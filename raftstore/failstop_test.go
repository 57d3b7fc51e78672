package raftstore

import "os"

const reexecEnv = "SCRIP_RAFTSTORE_REEXEC"

func reexecuted() { os.Exit(1) }
