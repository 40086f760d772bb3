package teams

import (
	"fmt"
	"net/url"
	"strings"
)

// Agents attach files to their messages and paste pictures into them. When a message arrives, Parley stores what Teams
// and Graph (Microsoft's API for reading) know about each file (Attached). When the message is sent to the customer,
// the file is read. It must come from the message's channel or author: Origin records these, and Seal puts them into
// the file's address:
//
//	teams:?author=…&channel=19%3A…&url=https%3A%2F%2Fcontoso.sharepoint.com%2Fsites%2F…

// Reasons for people why a file can't be read (Attached.Unavailable).
const (
	NoFileAccess = "Teams doesn't let Parley read files of channels. " +
		"Choose Reply and “Attach files…”, paste it as a picture, or ask an admin to grant Files.Read.All"
	// OnlyInTeams is for parts of a message that aren't files: a GIF, a clip or a Loop component.
	OnlyInTeams = "only Teams can show it. Choose Reply and “Attach files…”, or paste it as a picture"
	// NotShown is for a file that Graph didn't show when its message arrived.
	NotShown = "Teams didn't show it to Parley in time. Post it again, or choose Reply and “Attach files…”"
)

// HostedPart is part of the address of each picture that was pasted into a message.
const HostedPart = "/hostedContents/"

// Attached describes a file of a message. Fields that aren't known are empty.
type Attached struct {
	ID          string `json:"id,omitempty"` // of the file's <attachment> in the text; "" for a pasted picture
	Name        string `json:"name,omitempty"`
	Type        string `json:"type,omitempty"`
	URL         string `json:"url,omitempty"`
	Bytes       int64  `json:"bytes,omitempty"`
	Unavailable string `json:"unavailable,omitempty"` // why the file can't be read, for people; "" if it can
}

// Pictures returns the pictures that were pasted into a message.
func Pictures(a *Activity) []Attachment {
	var out []Attachment
	for _, at := range a.Attachments {
		if strings.HasPrefix(at.ContentType, "image/") && at.ContentURL != "" {
			out = append(out, at)
		}
	}
	return out
}

// DescribePasted describes the n-th pasted picture of a message, counted from 0. Teams gives all of them the type
// image/*, so the picture counts as a PNG until its bytes are read.
func DescribePasted(n int, at Attachment) Attached {
	f := Attached{Name: at.Name, Type: at.ContentType, URL: at.ContentURL}
	if strings.HasSuffix(f.Type, "/*") {
		f.Type = "image/png"
	}
	if f.Name == "" {
		f.Name = PictureName(n, f.Type)
	}
	return f
}

// PictureName makes a name for a picture that has none: "picture.png", "picture-2.jpg". n is its index in the message,
// from 0, and mimeType its type.
func PictureName(n int, mimeType string) string {
	extension := "png"
	switch mimeType {
	case "image/jpeg":
		extension = "jpg"
	case "image/gif", "image/webp":
		extension = strings.TrimPrefix(mimeType, "image/")
	}
	if n == 0 {
		return "picture." + extension
	}
	return fmt.Sprintf("picture-%d.%s", n+1, extension)
}

// OriginOf returns the origin of the files of a message.
func OriginOf(a *Activity) Origin {
	o := Origin{Channel: PlaceOf(a).Channel}
	if a.From != nil {
		o.Author = a.From.AADObjectID
	}
	return o
}

// Origin is the channel in which a file was attached, and its author. Graph may let our app read more files than the
// author may read. So Parley reads only files in the channel's own site or in the author's OneDrive.
type Origin struct {
	Channel string
	Author  string // Entra object id; "" if it isn't known
}

// sealedPrefix begins an address that includes its file's origin. Sealed addresses needn't be signed: an address in a
// message is always sealed with that message's origin, even if it looks sealed already. Files without an origin aren't
// read.
const sealedPrefix = "teams:?"

// Seal combines the address of a file and its origin into one address. For "" it returns "".
func (o Origin) Seal(address string) string {
	if address == "" {
		return ""
	}
	return sealedPrefix + url.Values{"channel": {o.Channel}, "author": {o.Author}, "url": {address}}.Encode()
}

// Unseal reverses Seal. Addresses that an older version of Parley stored have no origin. For a malformed one, both
// results are empty.
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
