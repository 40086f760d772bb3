package outbound

import (
	"testing"

	"parley/channels"
)

// What an agent types becomes an address with the domain as machines write it. Who that is doesn't depend on the case of letters.
func TestRecipient(t *testing.T) {
	t.Parallel()
	c := &Composer{own: []string{"help@acme.test", "sales@acme.test"}}
	for typed, want := range map[string]channels.Party{
		"ann@example.org":           {Key: "ann@example.org"},
		" Ann.Lee@Example.ORG\n":    {Key: "ann.lee@example.org", Address: "Ann.Lee@example.org"},
		"Ann Lee <ann@example.org>": {Key: "ann@example.org", Name: "Ann Lee"},
		"ann..lee.@example.org":     {Key: "ann..lee.@example.org"},
		"mailto:ann@example.org":    {Key: "ann@example.org"},
		"ann@bücher.example":        {Key: "ann@xn--bcher-kva.example"},
	} {
		if p, err := c.Recipient(typed); err != nil || p.Key != want.Key || p.Address != want.Address || p.Name != want.Name {
			t.Errorf("%q is %+v, %v; want %+v", typed, p, err, want)
		}
	}
	for name, typed := range map[string]string{
		"nothing":            "",
		"no domain":          "ann",
		"no name":            "@example.org",
		"no domain behind @": "ann@",
		"two":                "ann@x.test, ben@x.test",
		"a link of Slack":    "<mailto:ann@example.org|ann@exa.org>",
		"our own":            "help@acme.test",
		"our own, another":   "SALES@acme.test",
		"our own, tagged":    "help+lamp@acme.test",
		"a blank and NUL":    "ann@exa mple.org\x00",
		"a header":           "a@b\r\nBcc: x@y.test",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.Recipient(typed)
			wantClass(t, err, channels.BadRecipient)
		})
	}
}
