package outbound

import (
	"fmt"
	"mime"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/wneessen/go-mail"

	"parley/channels"
	"parley/channels/email/rawmail"
)

const maxFileNameRunes = 100

// fileHeaders writes a file's name in two ways: by RFC 2231, and as an encoded word for Outlook.
func fileHeaders(f channels.File) mail.FileOption {
	name := attachmentName(f.Name)
	kind, params, err := mime.ParseMediaType(f.ContentType)
	// A mail inside a mail must not be encoded, nor a report about a mail (RFC 2046 section 5.2, RFC 3464
	// section 2.1). A file of unknown type may.
	isMail := strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/")
	isType := err == nil && strings.Contains(kind, "/")
	if isMail || !isType {
		kind, params = "application/octet-stream", nil
	}

	charset := params["charset"]
	return func(file *mail.File) {
		params := map[string]string{}
		if charset != "" {
			params["charset"] = charset
		}

		file.Header.Set("Content-Type", typeWithName(mime.FormatMediaType(kind, params), name))
		file.Header.Set("Content-Disposition", "attachment; "+fileNameParam(name))
	}
}

// pictureHeaders names a picture that the mail shows by its content id.
func pictureHeaders(p channels.Picture) mail.FileOption {
	return func(file *mail.File) {
		name := attachmentName(p.Name)
		file.Header.Set("Content-Type", typeWithName(mime.FormatMediaType(p.ContentType, nil), name))
		file.Header.Set("Content-Disposition", "inline; "+fileNameParam(name))
		file.Header.Set("Content-ID", "<"+p.ContentID+">")
	}
}

// typeWithName adds a file's name to a content type, as encoded words if it isn't ASCII. Each word has a line
// of its own, because many servers refuse lines that are longer than 998 characters.
func typeWithName(kind, name string) string {
	words := mime.QEncoding.Encode("utf-8", name)
	return kind + `; name="` + strings.ReplaceAll(words, "?= =?", "?=\r\n =?") + `"`
}

// maxParamBytes is how much of a file's name stands on one line.
const maxParamBytes = 60

// fileNameParam writes a file's name as the parameter of a Content-Disposition. An ASCII name is always in quotes:
// Python's package email finds no name in filename=O'Brien.pdf. Any other name is encoded, in pieces if it is long.
// Source: RFC 2231 sections 3 and 4.
func fileNameParam(name string) string {
	if rawmail.IsASCII(name) {
		return `filename="` + name + `"`
	}

	var pieces []string
	piece := ""
	for _, r := range name {
		code := strings.ReplaceAll(url.QueryEscape(string(r)), "+", "%20")
		if len(piece)+len(code) > maxParamBytes {
			pieces = append(pieces, piece)
			piece = ""
		}

		piece += code
	}

	if len(pieces) == 0 {
		return "filename*=utf-8''" + piece
	}

	var b strings.Builder
	for i, text := range append(pieces, piece) {
		if i == 0 {
			text = "utf-8''" + text
		} else {
			b.WriteString(";\r\n ")
		}

		fmt.Fprintf(&b, "filename*%d*=%s", i, text)
	}

	return b.String()
}

// attachmentName makes a file name safe: without folders, and without characters that file systems give a meaning.
func attachmentName(name string) string {
	name = path.Base(strings.ReplaceAll(rawmail.OneLine(strings.ToValidUTF8(name, "_")), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`"<>:|?*`, r) {
			return '_'
		}
		return r
	}, name)
	if name == "." || name == "/" {
		name = "file"
	}

	if over := utf8.RuneCountInString(name) - maxFileNameRunes; over > 0 { // keep the ending
		runes := []rune(name)
		ending := []rune(path.Ext(name))
		if len(ending) > 10 {
			ending = nil
		}

		name = string(runes[:maxFileNameRunes-len(ending)]) + string(ending)
	}

	return name
}
