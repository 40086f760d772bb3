package fact

import (
	"fmt"
	"net/url"
	"strings"

	"parley/bot/teams/connector"
)

// NoFileAccess is what people are told of a channel's file that can't be read.
const NoFileAccess = "Teams doesn't let Parley read files of channels. Choose Reply and “Attach files…”, paste it as a picture, or ask an admin to grant Files.Read.All"

// OnlyInTeams is what people are told of what stands in a message and is no file, such as a GIF, a clip or a Loop component.
const OnlyInTeams = "only Teams can show it. Choose Reply and “Attach files…”, or paste it as a picture"

// NotShown is what people are told of a file that Graph didn't show when its message came.
const NotShown = "Teams didn't show it to Parley in time. Post it again, or choose Reply and “Attach files…”"

// HostedPart is the part of an address by which pictures are recognised that were pasted into a message.
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

// Pasted describes the n-th picture of a message, counted from 0, of which only the attachment is known. Its real kind isn't: Teams gives
// all of them the type image/*, and it counts as a PNG until its bytes are read.
func Pasted(n int, at connector.Attachment) Attached {
	f := Attached{Name: at.Name, Type: at.ContentType, URL: at.ContentURL}
	if strings.HasSuffix(f.Type, "/*") {
		f.Type = "image/png"
	}
	if f.Name == "" {
		f.Name = PictureName(n, f.Type)
	}
	return f
}

// PictureName makes a name for a picture that has none; n is its index among those of the message, kind its MIME type.
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

// Origin is the channel in which a file was attached, and its author. Graph reads files with the app's
// own rights, so only files in the channel's own site or in the author's OneDrive are read.
type Origin struct {
	Channel string
	Author  string // Entra object id; "" if it isn't known
}

// sealedPrefix begins an address that has its file's origin in it. Nothing is signed: what a message names counts as an address, and
// is sealed with the message's own origin, whatever it begins with. Graph is asked for no file without an origin.
const sealedPrefix = "teams:?"

// Seal returns the address of a file together with its origin, as one address for what stores and opens files; "" stays "".
func (o Origin) Seal(address string) string {
	if address == "" {
		return ""
	}
	return sealedPrefix + url.Values{"channel": {o.Channel}, "author": {o.Author}, "url": {address}}.Encode()
}

// Unseal returns what Seal was given. Addresses that an older Parley stored have no origin, and a broken one is "".
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
