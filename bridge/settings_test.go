package bridge_test

import (
	"fmt"
	"reflect"
	"testing"

	"parley/bridge"
)

func TestEachSettingSetsAField(t *testing.T) {
	t.Parallel()
	free := map[string]string{
		"file_limits":     "image 1MB",
		"customer_links":  "Shop: https://shop.example/?q={{email}}",
		"admin_numbers":   "+4915112345678",
		"ai_tokens_a_day": "7",
		"ai_audit":        "7",
		"ai_references":   `order: \bSO-\d{6}\b`,
		"ai_intents":      "warranty: asks about the guarantee",

		"autoresolve_hours": "24",
		"autoresolve_words": "thanks",
		"abandon_hours":     "72",
		"ack_target":        "30s",
		"reply_target":      "5m",
	}
	byDefault := bridge.SettingsOf(nil, nil, true)
	for _, s := range bridge.Settings() {
		value := free[s.Name]
		if len(s.Values) > 0 {
			value = s.Values[1]
		}
		chosen := bridge.SettingsOf(nil, fmt.Appendf(nil, `{%q: %q}`, s.Name, value), true)
		if reflect.DeepEqual(chosen, byDefault) {
			t.Errorf("%s: %q sets no field of AccountSettings", s.Name, value)
		}
	}
}
