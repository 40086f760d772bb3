package message

import (
	"reflect"
	"testing"

	"parley/channels"
)

// newOwnComposer returns a Composer that has three addresses of its own.
func newOwnComposer() *Composer {
	return &Composer{own: []string{"help@acme.test", "sales@acme.test", "shop+eu@acme.test"}}
}

// The address that an agent types gets its domain in ASCII and lower case. Its key identifies the recipient, whatever the
// case of its letters.
func TestRecipient(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		typed string
		want  channels.Party
	}{
		{name: "address", typed: "ann@example.org", want: channels.Party{Key: "ann@example.org"}},
		{
			name:  "capitals and blanks",
			typed: " Ann.Lee@Example.ORG\n",
			want:  channels.Party{Key: "ann.lee@example.org", Address: "Ann.Lee@example.org"},
		},
		{name: "address with a name", typed: "Ann Lee <ann@example.org>", want: channels.Party{Key: "ann@example.org", Name: "Ann Lee"}},
		{name: "dots that no standard allows", typed: "ann..lee.@example.org", want: channels.Party{Key: "ann..lee.@example.org"}},
		{name: "address with a comma behind it", typed: "ann@example.org,\n", want: channels.Party{Key: "ann@example.org"}},
		{name: "link", typed: "mailto:ann@example.org", want: channels.Party{Key: "ann@example.org"}},
		{name: "domain outside ASCII", typed: "ann@bücher.example", want: channels.Party{Key: "ann@xn--bcher-kva.example"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := newOwnComposer().Recipient(tt.typed)
			noError(t, err)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Recipient(%q) = %+v, want %+v", tt.typed, got, tt.want)
			}
		})
	}
}

// Recipient refuses a text that isn't an address, that has several, or that is an address of our own.
func TestRecipientRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, typed string }{
		{name: "nothing", typed: ""},
		{name: "no domain", typed: "ann"},
		{name: "nothing before the @", typed: "@example.org"},
		{name: "nothing behind the @", typed: "ann@"},
		{name: "two addresses", typed: "ann@x.test, ben@x.test"},
		{name: "a comma in place of a dot", typed: "ann,lee@x.test"},
		{name: "a semicolon in place of a dot", typed: "ann@x.test;eu"},
		{name: "link as Slack writes it", typed: "<mailto:ann@example.org|ann@exa.org>"},
		{name: "our own", typed: "help@acme.test"},
		{name: "our own, in capitals", typed: "SALES@acme.test"},
		{name: "our own, with a tag", typed: "help+lamp@acme.test"},
		{name: "our own, which has a tag", typed: "shop+eu@acme.test"},
		{name: "words before it", typed: "write to ann@example.org"},
		{name: "a line end inside", typed: "ann@exam\nple.org"},
		{name: "a blank and NUL", typed: "ann@exa mple.org\x00"},
		{name: "a header", typed: "a@b\r\nBcc: x@y.test"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newOwnComposer().Recipient(tt.typed)
			wantClass(t, err, channels.BadRecipient)
		})
	}
}
