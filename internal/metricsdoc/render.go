package main

import (
	"bytes"
	"fmt"
	"strings"
)

const intro = `# Metrics

<!-- Written by internal/metricsdoc; run go generate ./... instead of editing. -->

The ops address serves these at ` + "`/metrics`" + `, beside those of the Go runtime and the process (` + "`go_*`, `process_*`" + `). Times are in
seconds, sizes in bytes. No label ever names a code, a campaign or a customer.

## The stages of a redemption

| stage | metric |
| --- | --- |
| request, whole | ` + "`scrip_httpapi_request_seconds{route=\"redemptions.create\"}`" + ` |
| evaluate: look, compute the discount, prove leadership | ` + "`scrip_engine_stage_seconds{stage=\"evaluate\"}`" + ` |
| commit, whole | ` + "`scrip_engine_stage_seconds{stage=\"commit\"}`" + ` |
| – queue: until the entry is proposed | ` + "`scrip_raftstore_queue_seconds`" + ` |
| – log: until it is on disk | ` + "`scrip_raftstore_log_fsync_seconds`" + ` |
| – apply: the law decides | ` + "`scrip_raftstore_apply_seconds`" + ` |
| reply: render the answer from the record | ` + "`scrip_engine_stage_seconds{stage=\"reply\"}`" + ` |

## Labels

| label | values |
| --- | --- |
`

// render writes the page: a section for each room.
func render(families []family) []byte {
	var b bytes.Buffer
	b.WriteString(intro)
	for _, name := range labelNames(families) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, finite[name])
	}
	room := ""
	for _, f := range families {
		if r := strings.Split(f.name, "_")[1]; r != room {
			room = r
			fmt.Fprintf(&b, "\n## %s\n\n| name | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n", room)
		}
		labels := ""
		if len(f.labels) > 0 {
			labels = "`" + strings.Join(f.labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", f.name, f.kind, unit(f.name), labels, strings.ReplaceAll(f.help, "|", `\|`))
	}
	return b.Bytes()
}
