package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/scrip-engine/scrip/wire"
)

// checkKeys holds where a redemption or a rollback shows its idempotency key: in
// the answer to the POST that carried one, and nowhere else. The server keeps a
// hash of it only.
func checkKeys(x *exchange) error {
	var answer any
	if x.status >= 300 || !strings.Contains(x.path, "redemption") || json.Unmarshal(x.resBody, &answer) != nil {
		return nil
	}
	got := shownKeys(answer, nil)
	var want []string
	switch key := x.reqHeader.Get("Idempotency-Key"); {
	case x.method != http.MethodPost:
	case strings.HasSuffix(x.path, "/batch"):
		return checkBatchKeys(x)
	case key != "":
		want = []string{key}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("the keys shown are %q, want %q", got, want)
	}
	return nil
}

func checkBatchKeys(x *exchange) error {
	var asked struct{ Redemptions []json.RawMessage }
	var answer wire.BatchResponse
	if err := json.Unmarshal(x.reqBody, &asked); err != nil {
		return err
	}
	if err := json.Unmarshal(x.resBody, &answer); err != nil {
		return err
	}
	for i, result := range answer.Results {
		var item struct {
			Key string `json:"idempotency_key"`
		}
		if r := result.Redemption; r != nil {
			if err := json.Unmarshal(asked.Redemptions[i], &item); err != nil {
				return err
			}
			if r.IdempotencyKey != item.Key {
				return fmt.Errorf("item %d shows the key %q, want %q", i, r.IdempotencyKey, item.Key)
			}
		}
	}
	return nil
}

// shownKeys collects the idempotency keys in an answer. metadata is the caller's
// own and may call anything so.
func shownKeys(v any, found []string) []string {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if key, ok := member.(string); ok && name == "idempotency_key" {
				found = append(found, key)
			}
			if name != "metadata" {
				found = shownKeys(member, found)
			}
		}
	case []any:
		for _, element := range v {
			found = shownKeys(element, found)
		}
	}
	return found
}
