package fact

import (
	"fmt"
	"net/url"
	"strings"

	"parley/bot/teams/connector"
)

// Files of messages, as Teams and Graph (Microsoft's API for files) tell of them. Attached is what is stored of a file, and
// Origin says for which channel and author Graph may be asked for it.

// NoFileAccess is what people are told of a channel's file that can't be read.
const NoFileAccess = "Teams doesn't let Parley read files of channels. " +
	"Choose Reply and “Attach files…”, paste it as a picture, or ask an admin to grant Files.Read.All"

// OnlyInTeams is what people are told of something in a message that isn't a file: a GIF, a clip or a Loop component.
const OnlyInTeams = "only Teams can show it. Choose Reply and “Attach files…”, or paste it as a picture"

// NotShown is what people are told of a file that Graph didn't show when its message came.
const NotShown = "Teams didn't show it to Parley in time. Post it again, or choose Reply and “Attach files…”"

// HostedPart is in the address of a picture that was pasted into a message.
const HostedPart = "/hostedContents/"

// Attached is what could be found out about a file of a message.
type Attached struct {
	ID          string `json:"id,omitempty"` // of the file's <attachment> in the text; "" for a pasted picture
	Name        string `json:"name,omitempty"`
	Type        string `json:"type,omitempty"`
	URL         string `json:"url,omitempty"`
	Bytes       int64  `json:"bytes,omitempty"`
	Unavailable string `json:"unavailable,omitempty"` // why the file can't be read, for people; "" if it can
}

// Pictures returns the pictures that were pasted into a message.
func Pictures(a *connector.Activity) []connector.Attachment {
	var out []connector.Attachment
	for _, at := range a.Attachments {
		if strings.HasPrefix(at.ContentType, "image/") && at.ContentURL != "" {
			out = append(out, at)
		}
	}
	return out
}

// DescribePasted describes the n-th picture of a message, counted from 0, of which only the attachment is known. Teams gives all of
// them the type image/*, so it counts as a PNG until its bytes are read.
func DescribePasted(n int, at connector.Attachment) Attached {
	f := Attached{Name: at.Name, Type: at.ContentType, URL: at.ContentURL}
	if strings.HasSuffix(f.Type, "/*") {
		f.Type = "image/png"
	}
	if f.Name == "" {
		f.Name = PictureName(n, f.Type)
	}
	return f
}

// PictureName makes a name for a picture that has none. n is its index in the message, and kind its MIME type.
func PictureName(n int, kind string) string {
	ending := "png"
	switch kind {
	case "image/jpeg":
		ending = "jpg"
	case "image/gif", "image/webp":
		ending = strings.TrimPrefix(kind, "image/")
	}
	if n == 0 {
		return "picture." + ending
	}
	return fmt.Sprintf("picture-%d.%s", n+1, ending)
}

// OriginOf returns in which channel, and by whom, the files of a message were attached.
func OriginOf(a *connector.Activity) Origin {
	o := Origin{Channel: PlaceOf(a).Channel}
	if a.From != nil {
		o.Author = a.From.AADObjectID
	}
	return o
}

// Origin is the channel in which a file was attached, and its author. The app may read more files by Graph than the author
// may. So it reads only files in the channel's own site or in the author's OneDrive.
type Origin struct {
	Channel string
	Author  string // Entra object id; "" if it isn't known
}

// sealedPrefix begins an address that has its file's origin in it. It isn't signed, and needn't be: an address in a message
// is always sealed with that message's origin, even if it looks sealed already. Without an origin, Graph isn't asked.
const sealedPrefix = "teams:?"

// Seal puts the address of a file and its origin into one address. "" stays "".
func (o Origin) Seal(address string) string {
	if address == "" {
		return ""
	}
	return sealedPrefix + url.Values{"channel": {o.Channel}, "author": {o.Author}, "url": {address}}.Encode()
}

// Unseal returns what Seal was given. Addresses that an older Parley stored have no origin. For a broken one, both are empty.
func Unseal(address string) (Origin, string) {
	packed, ok := strings.CutPrefix(address, sealedPrefix)
	if !ok {
		return Origin{}, address
	}
	v, err := url.ParseQuery(packed)
	if err != nil {
		return Origin{}, ""
	}
	return Origin{Channel: v.Get("channel"), Author: v.Get("author")}, v.Get("url")
}
