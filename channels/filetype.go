package channels

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// TypeOf returns the content type of a file by the ending of its name, or "" if the ending isn't known. It
// doesn't use package mime, whose tables differ from machine to machine: the result of decoding a stored fact
// must be the same on all machines.
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
	anyBytes  = "application/octet-stream" // the content type of a file of which nothing is known
)

// SentAs returns the content type under which a file is handed to the provider, or "" if the provider doesn't take such files. If
// the type of a file isn't known, the ending of its name decides. Where plain text is taken, so is every other text.
func (r FileRules) SentAs(name, contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	t = usualType(strings.ToLower(strings.TrimSpace(t)))
	if t == "" || t == anyBytes {
		t = cmp.Or(TypeOf(name), anyBytes)
	}

	switch {
	case len(r.Types) == 0 || slices.Contains(r.Types, t):
		return t
	case isText(t) && slices.Contains(r.Types, plainText):
		return plainText
	}
	return ""
}

// usualType replaces unusual names of a content type by the usual one: "image/jpg" by "image/jpeg".
func usualType(t string) string {
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

// isText reports whether files of a content type are texts that people can read as such.
func isText(t string) bool {
	switch t {
	case "application/json", "application/xml", "application/csv", "application/yaml", "application/x-yaml":
		return true
	}
	return strings.HasPrefix(t, "text/")
}
