package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// serverSettings are the settings of serve, and of init and config show, which
// work with the same. Each is a flag, a SCRIP_ variable and a key of the
// configuration file with one name.
type serverSettings struct {
	Data            string        `help:"Data directory. One process at a time." default:"./data" placeholder:"DIR" env:"SCRIP_DATA"`
	HTTPAddr        string        `name:"http-addr" help:"Address of the public API." default:"127.0.0.1:8080" placeholder:"HOST:PORT" env:"SCRIP_HTTP_ADDR"`
	OpsAddr         string        `name:"ops-addr" help:"Address for operators: /metrics, /livez, /readyz, /status, pprof, backup. It has no authentication; keep it private." default:"127.0.0.1:8081" placeholder:"HOST:PORT" env:"SCRIP_OPS_ADDR"`
	Shards          int           `help:"Number of shards of a new data directory; 0 means one, or what the directory has." default:"0" env:"SCRIP_SHARDS"`
	Currency        string        `help:"Currency of a new data directory, ISO 4217." default:"USD" env:"SCRIP_CURRENCY"`
	CaseSensitive   bool          `help:"Let codes of a new data directory differ by case alone." env:"SCRIP_CASE_SENSITIVE"`
	AppID           string        `name:"app-id" help:"Id of the first server key of a new data directory; drawn if empty." env:"SCRIP_APP_ID"`
	AppToken        secret        `name:"app-token" help:"Its token, as @FILE; better SCRIP_APP_TOKEN or the configuration file." placeholder:"@FILE" env:"SCRIP_APP_TOKEN"`
	MemoryBudget    byteSize      `help:"Bound of the records in memory, all shards together." default:"12GiB" env:"SCRIP_MEMORY_BUDGET"`
	DiskLow         byteSize      `help:"Refuse changes while less than this is free on the disk." default:"512MiB" env:"SCRIP_DISK_LOW"`
	ShutdownTimeout time.Duration `help:"How long requests under way may take to end at a stop." default:"15s" env:"SCRIP_SHUTDOWN_TIMEOUT"`
	LogLevel        string        `help:"Log this and what is worse (${enum})." enum:"debug,info,warn,error" default:"info" env:"SCRIP_LOG_LEVEL"`
	LogFormat       string        `help:"Format of the log (${enum}); auto is text on a terminal." enum:"auto,json,text" default:"auto" env:"SCRIP_LOG_FORMAT"`
	EndRecovery     bool          `help:"Let a restored data directory serve changes from now on. For one start." env:"SCRIP_END_RECOVERY"`
	Demo            bool          `help:"Load an example campaign once, and print a curl line that redeems one of its codes." env:"SCRIP_DEMO"`
}

// check finds what kong's types cannot.
func (s *serverSettings) check() error {
	var errs []error
	if s.Data == "" {
		errs = append(errs, errors.New("--data must name a directory"))
	}
	if s.ShutdownTimeout <= 0 {
		errs = append(errs, errors.New("--shutdown-timeout must be longer than 0"))
	}
	if s.MemoryBudget == 0 || s.DiskLow == 0 {
		errs = append(errs, errors.New("--memory-budget and --disk-low must be more than 0"))
	}
	if (s.AppID == "") != (s.AppToken == "") {
		errs = append(errs, errors.New("--app-id and --app-token come together"))
	}
	return usage(errors.Join(errs...))
}

// connection says how a verb reaches a server.
type connection struct {
	Server   string        `help:"Address of the server; without it, the one in DATA/credentials.json, else http://127.0.0.1:8080." placeholder:"URL" env:"SCRIP_SERVER"`
	AppID    string        `name:"app-id" help:"Server key; without it, DATA/credentials.json is read." env:"SCRIP_APP_ID"`
	AppToken secret        `name:"app-token" help:"Its token, as @FILE; better SCRIP_APP_TOKEN or the configuration file." placeholder:"@FILE" env:"SCRIP_APP_TOKEN"`
	Data     string        `help:"Data directory of the server, for its credentials." default:"./data" placeholder:"DIR" env:"SCRIP_DATA"`
	Timeout  time.Duration `help:"How long to try, with all retries." default:"30s" env:"SCRIP_TIMEOUT"`
}

// opsConnection says how a verb reaches a server's ops address.
type opsConnection struct {
	Ops  string `help:"Ops address of the server; without it, the one in DATA/credentials.json, else http://127.0.0.1:8081." placeholder:"URL" env:"SCRIP_OPS"`
	Data string `help:"Data directory of the server, for that address." default:"./data" placeholder:"DIR" env:"SCRIP_DATA"`
}

// secret is a token, or @ and the name of a file that has it. It prints as ***.
type secret string

func (s secret) String() string {
	switch {
	case s == "", s.isFile():
		return string(s)
	}
	return "***"
}

func (s secret) isFile() bool { return strings.HasPrefix(string(s), "@") }

// secretBytesMax bounds a token's file; ours have some fifty characters.
const secretBytesMax = 4096

// reveal reads the file, if it is one.
func (s secret) reveal() (string, error) {
	if !s.isFile() {
		return string(s), nil
	}
	path := string(s[1:])
	text, err := readBounded(path, secretBytesMax)
	if err != nil {
		return "", fmt.Errorf("--app-token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", fmt.Errorf("--app-token: %s is empty", path)
	}
	return token, nil
}

// byteSize is a number of bytes, written as 512MiB, 12GiB or 1000000.
type byteSize uint64

// sizeUnits in the order in which a size is printed.
var sizeUnits = [...]struct {
	name  string
	bytes uint64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// UnmarshalText reads a size. Decimal units are not accepted: a reader could not
// tell which kind was meant.
func (b *byteSize) UnmarshalText(text []byte) error {
	number, factor := string(text), uint64(1)
	for _, u := range sizeUnits {
		if n, ok := strings.CutSuffix(number, u.name); ok {
			number, factor = strings.TrimSpace(n), u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 63)
	if err != nil || n > (1<<63-1)/factor {
		return fmt.Errorf("%q is not a size such as 512MiB", text)
	}
	*b = byteSize(n * factor)
	return nil
}

// String prints the size in the largest unit that divides it.
func (b byteSize) String() string {
	for _, u := range sizeUnits {
		if b != 0 && uint64(b)%u.bytes == 0 {
			return strconv.FormatUint(uint64(b)/u.bytes, 10) + u.name
		}
	}
	return "0"
}

// readBounded reads a small file whole, and refuses a larger one.
func readBounded(path string, bytesMax int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := readAllBounded(f, bytesMax)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}
