package message

import (
	"fmt"
	"mime"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/wneessen/go-mail"

	"parley/channels"
)

// This file writes the headers of attached files. The difficulty is the file name, which mail programs expect in
// different encodings. "Größe.pdf" is written twice:
//
//	Content-Type: application/pdf; name="=?utf-8?q?Gr=C3=B6=C3=9Fe.pdf?="     (an encoded word, for Outlook)
//	Content-Disposition: attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf     (RFC 2231)

const maxFileNameRunes = 100

// fileOption returns an option that sets the headers of an attachment.
func fileOption(f channels.File) mail.FileOption {
	name := attachmentName(f.Name)
	kind, params, err := mime.ParseMediaType(f.ContentType)
	// Files are sent in base64, which is not allowed for mails and delivery reports within a mail (RFC 2046 section 5.2,
	// RFC 3464 section 2.1). They are sent as files of unknown type instead.
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

// pictureOption returns an option that sets the headers of a picture that the HTML text shows by its Content-ID.
func pictureOption(p channels.Picture) mail.FileOption {
	return func(file *mail.File) {
		name := attachmentName(p.Name)
		file.Header.Set("Content-Type", typeWithName(mime.FormatMediaType(p.ContentType, nil), name))
		file.Header.Set("Content-Disposition", "inline; "+fileNameParam(name))
		file.Header.Set("Content-ID", "<"+p.ContentID+">")
	}
}

// typeWithName adds a file name to a content type, as encoded words if it isn't ASCII. Each word gets its own line,
// because many servers refuse lines of more than 998 characters.
func typeWithName(contentType, name string) string {
	words := mime.QEncoding.Encode("utf-8", name)
	return contentType + `; name="` + strings.ReplaceAll(words, "?= =?", "?=\r\n =?") + `"`
}

// maxParamBytes is the maximum length of an encoded file name on one line.
const maxParamBytes = 60

// fileNameParam returns the filename parameter of a Content-Disposition header. An ASCII name is always quoted, since
// Python's email package can't parse filename=O'Brien.pdf. Any other name is percent-encoded, and continued on several
// lines if it is long: filename*0*=…; filename*1*=…
// Source: RFC 2231 sections 3 and 4.
func fileNameParam(name string) string {
	if IsASCII(name) {
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

// attachmentName returns a safe file name: without folders and without characters that are special in file systems. A long
// name is shortened, but keeps its extension.
func attachmentName(name string) string {
	name = path.Base(strings.ReplaceAll(OneLine(strings.ToValidUTF8(name, "_")), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`"<>:|?*`, r) {
			return '_'
		}
		return r
	}, name)
	if name == "." || name == "/" {
		name = "file"
	}

	return shortenFileName(name)
}

func shortenFileName(name string) string {
	if utf8.RuneCountInString(name) <= maxFileNameRunes {
		return name
	}
	const maxExtension = 10
	extension := []rune(path.Ext(name))
	if len(extension) > maxExtension { // a dot within a sentence
		extension = nil
	}
	start := []rune(name)[:maxFileNameRunes-len(extension)]
	return string(start) + string(extension)
}
