package fact

import (
	"slices"
	"testing"

	"parley/bot/teams/connector"
	"parley/bridge"
)

// A picture in a text counts as a file of the message, even if Teams doesn't list it as an attachment.
func TestPicturesThatTeamsDoesNotList(t *testing.T) {
	t.Parallel()
	const hosted = "https://graph.test/v1.0/teams/g/channels/c/messages/1/replies/2/hostedContents/h/$value"
	const elsewhere = "https://asm.test/v1/objects/0-x/views/imgo"
	const listed = "https://smba.test/v3/attachments/0-x/views/original"
	picture := func(address string) string {
		return `<img itemtype="http://schema.skype.com/AMSImage" src="` + address + `">`
	}

	for _, tt := range []struct {
		name        string
		html        string
		attachments []connector.Attachment
		seen        []Attached
		want        []string // names of the files, and why they can't be read
	}{
		{name: "only Teams can show it", html: "see " + picture(elsewhere), want: []string{"picture.png: " + OnlyInTeams}},
		{name: "Graph can show it", html: "see " + picture(hosted), want: []string{"picture.png: "}},
		{
			name: "one of two is listed", html: picture(listed) + picture(elsewhere),
			attachments: []connector.Attachment{{ContentType: "image/*", ContentURL: listed}},
			want:        []string{"picture.png: ", "picture-2.png: " + OnlyInTeams},
		},
		{
			name: "it is listed with another address", html: picture(elsewhere),
			attachments: []connector.Attachment{{ContentType: "image/*", ContentURL: listed}},
			want:        []string{"picture.png: "},
		},
		{
			name: "it is listed without an address", html: picture(elsewhere),
			attachments: []connector.Attachment{{ContentType: "image/*"}},
			want:        []string{"picture.png: " + OnlyInTeams},
		},
		{
			name: "Graph has told of one of two", html: picture(hosted) + picture(elsewhere),
			seen: []Attached{{Name: "picture.png", Type: "image/png", URL: hosted}},
			want: []string{"picture.png: ", "picture-2.png: " + OnlyInTeams},
		},
		{
			name: "a GIF is named once", html: `<img itemtype="http://schema.skype.com/Giphy" src="https://gif.test/x">`,
			want: []string{"GIF: " + OnlyInTeams},
		},
		{name: "an emoji isn't a picture", html: `<img itemtype="http://schema.skype.com/Emoji" alt="🙂" src="https://x.test/e.png">`},
		{
			name: "nor is one of a quoted message",
			html: `<blockquote itemtype="http://schema.skype.com/Reply">` + picture(elsewhere) + `</blockquote>fine`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := htmlActivity(t, tt.html)
			a.Attachments = append(a.Attachments, tt.attachments...)

			var got []string
			for _, f := range (Payload{Me: "28:bot", Files: tt.seen}).Said(bridge.Place{Channel: "c", Thread: "1", Message: "2"}, a).Files {
				got = append(got, f.Name+": "+f.Unavailable)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// The address of a file is stored together with the file's origin.
func TestSealKeepsOriginAndAddress(t *testing.T) {
	t.Parallel()
	want := Origin{Channel: "19:a&b@thread.tacv2", Author: "33333333-3333-4333-8333-333333333333"}
	const wantAddress = "https://x/a b?c=d&channel=19:z" // with characters that a query escapes, and with a field of ours
	got, address := Unseal(want.Seal(wantAddress))
	if got != want {
		t.Errorf("got the origin %+v, want %+v", got, want)
	}
	if address != wantAddress {
		t.Errorf("got the address %q, want %q", address, wantAddress)
	}
}

func TestSealWithoutAnAddress(t *testing.T) {
	t.Parallel()
	o := Origin{Channel: "19:a&b@thread.tacv2", Author: "33333333-3333-4333-8333-333333333333"}
	if got := o.Seal(""); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

// If an address was stored without an origin, none is read.
func TestUnsealWithoutAnOrigin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, stored string }{
		{name: "an address alone", stored: "https://x/a"},
		{name: "an unreadable one", stored: "teams:?%zz"},
		{name: "nothing", stored: ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, _ := Unseal(tt.stored); got != (Origin{}) {
				t.Errorf("%q: got the origin %+v, want none", tt.stored, got)
			}
		})
	}
}
