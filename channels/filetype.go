package channels

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// TypeOf returns the content type for a file name's extension, or "" if the extension is unknown. It doesn't use package
// mime, whose tables differ between machines: decoding a stored message must give the same result on all of them.
func TypeOf(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".gif":
		return "image/gif"
	case ".webp":
		return "image/webp"
	case ".mp4":
		return "video/mp4"
	case ".3gp":
		return "video/3gpp"
	case ".mov":
		return "video/quicktime"
	case ".mp3":
		return "audio/mpeg"
	case ".m4a", ".aac":
		return "audio/mp4"
	case ".ogg", ".opus":
		return "audio/ogg"
	case ".amr":
		return "audio/amr"
	case ".wav":
		return "audio/wav"
	case ".pdf":
		return "application/pdf"
	case ".txt":
		return "text/plain"
	case ".csv":
		return "text/csv"
	case ".zip":
		return "application/zip"
	case ".doc":
		return "application/msword"
	case ".xls":
		return "application/vnd.ms-excel"
	case ".ppt":
		return "application/vnd.ms-powerpoint"
	case ".pptx":
		return "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	case ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case ".xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}

	return ""
}

const (
	plainText = "text/plain"
	anyBytes  = "application/octet-stream" // the content type of unknown data
)

// SentAs returns the content type with which a file is sent to the provider, or "" if the provider doesn't accept such
// files. For example, a JSON file is sent as "text/plain" to a provider that accepts plain text but not JSON. If the
// given content type is unknown, the file name's extension decides.
func (r FileRules) SentAs(name, contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	t = canonicalType(strings.ToLower(strings.TrimSpace(t)))
	if t == "" || t == anyBytes {
		t = cmp.Or(TypeOf(name), anyBytes)
	}

	acceptsAll := len(r.Types) == 0
	if acceptsAll || slices.Contains(r.Types, t) {
		return t
	}
	if isText(t) && slices.Contains(r.Types, plainText) {
		return plainText
	}
	return ""
}

// canonicalType replaces an alias of a content type by its registered name: "image/jpg" by "image/jpeg".
func canonicalType(t string) string {
	switch t {
	case "image/jpg", "image/pjpeg":
		return "image/jpeg"
	case "audio/mp3":
		return "audio/mpeg"
	case "audio/m4a", "audio/x-m4a":
		return "audio/mp4"
	}
	return t
}

// isText reports whether files of a content type can be read as plain text.
func isText(t string) bool {
	switch t {
	case "application/json", "application/xml", "application/csv", "application/yaml", "application/x-yaml":
		return true
	}
	return strings.HasPrefix(t, "text/")
}
