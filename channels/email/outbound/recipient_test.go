package outbound

import (
	"errors"
	"testing"

	"parley/channels"
)

func TestRecipient(t *testing.T) {
	t.Parallel()
	c := &Composer{own: []string{"help@acme.test", "sales@acme.test"}}
	for typed, want := range map[string]channels.Party{
		"ann@example.org":                      {Key: "ann@example.org"},
		" Ann.Lee@Example.ORG\n":               {Key: "ann.lee@example.org"},
		"Ann Lee <ann@example.org>":            {Key: "ann@example.org", Name: "Ann Lee"},
		"ann..lee.@example.org":                {Key: "ann..lee.@example.org"},
		"mailto:ann@example.org":               {Key: "ann@example.org"},
		"<mailto:ann@example.org|ann@exa.org>": {},
		"ann@bücher.example":                   {Key: "ann@xn--bcher-kva.example"},
		"":                                     {}, "ann": {}, "@example.org": {}, "ann@": {}, "ann@x.test, ben@x.test": {},
		"help@acme.test": {}, "SALES@acme.test": {}, "help+lamp@acme.test": {}, "ann@exa mple.org\x00": {}, "a@b\r\nBcc: x@y.test": {},
	} {
		p, err := c.Recipient(typed)
		var se *channels.SendError
		switch {
		case want.Key == "" && (!errors.As(err, &se) || se.Class != channels.BadRecipient || se.Text == "" || se.Hint == ""):
			t.Errorf("%q is %+v, %v", typed, p, err)
		case want.Key != "" && (err != nil || p.Key != want.Key || p.Name != want.Name):
			t.Errorf("%q is %+v, %v, want %+v", typed, p, err, want)
		}
	}
}
