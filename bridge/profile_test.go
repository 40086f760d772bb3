package bridge_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/bridge"
)

// A profile leads to other systems by the customer's own values, and a customer can't choose where it leads.
func TestCustomerLinks(t *testing.T) {
	t.Parallel()
	links, err := bridge.ParseCustomerLinks("Shop: https://shop.example/find?mail={{email}}\n\nCRM: https://crm.example/{{phone}}/{{address}}")
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"a&b@x.example": "[{Shop https://shop.example/find?mail=a%26b%40x.example}]",
		"+4930":         "[{CRM https://crm.example/%2B4930/%2B4930}]",
		"psid":          "[]",
	} {
		if got := fmt.Sprint(bridge.LinksTo(links, address)); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	for text, want := range map[string]string{
		"Shop":                             "isn't a name and a link",
		"Shop: javascript:alert(1)":        "isn't a name and a link",
		"Shop: https://{{email}}.example/": "can't be the customer's",
		"Shop: https://shop.example/{{x}}": "isn't known",
	} {
		if _, err := bridge.ParseCustomerLinks(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
