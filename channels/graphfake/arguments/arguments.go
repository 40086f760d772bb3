// Package arguments reads what a call of Meta's Graph API says. Arguments come as JSON, as a form or in the query, and mean
// the same.
//
// What does not belong here: which arguments a call takes, and what is answered.
package arguments

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Arguments are those of one call.
type Arguments struct {
	query, form url.Values
	files       map[string][]*multipart.FileHeader
	body        []byte // JSON; nil if the body is a form
	fault       error  // of a form that can't be read
}

// Read reads the arguments of a request with this body. A form that can't be read is reported by Decode.
func Read(r *http.Request, body []byte) Arguments {
	a := Arguments{query: r.URL.Query()}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}

	switch kind {
	case "application/x-www-form-urlencoded":
		a.form, a.fault = url.ParseQuery(string(body))
	case "multipart/form-data":
		form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(int64(len(body)))
		if err != nil {
			a.fault = err
			break
		}
		a.form, a.files = form.Value, form.File // all in memory: a form isn't larger than its body
	default:
		a.body = body
	}

	return a
}

// IsCommon reports whether an argument goes with any call and says nothing about its object.
func IsCommon(name string) bool {
	return slices.Contains([]string{"access_token", "appsecret_proof", "format", "locale", "pretty", "debug", "suppress_http_code"}, name)
}

// Text returns an argument that is a text. It returns "" if the argument is missing or isn't a text: whoever has to tell these
// apart uses Decode.
func (a Arguments) Text(name string) string {
	for _, values := range []url.Values{a.query, a.form} {
		if values.Get(name) != "" {
			return values.Get(name)
		}
	}

	var fields map[string]json.RawMessage
	var text string
	if json.Unmarshal(a.body, &fields) != nil || json.Unmarshal(fields[name], &text) != nil {
		return ""
	}
	return text
}

// Decode reads the arguments into v, as json.Unmarshal does: first those of the query and the form, then a JSON body over them.
// Errors are for people: the form can't be read, the body is no JSON, an argument has another type than in v.
func (a Arguments) Decode(v any) error {
	if a.fault != nil {
		return fmt.Errorf("the form can't be read: %w", a.fault)
	}

	named := map[string]json.RawMessage{}
	for _, values := range []url.Values{a.query, a.form} {
		for name, list := range values {
			if !IsCommon(name) {
				named[name] = asJSON(list[len(list)-1])
			}
		}
	}

	raw, err := json.Marshal(named)
	if err != nil {
		return fmt.Errorf("the form is not valid: %w", err)
	}
	if err := unmarshal(raw, v); err != nil {
		return err
	}
	if len(a.body) == 0 {
		return nil
	}
	return unmarshal(a.body, v)
}

// unmarshal is json.Unmarshal with errors for people.
func unmarshal(raw []byte, v any) error {
	err := json.Unmarshal(raw, v)
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrongType) && wrongType.Field != "":
		return fmt.Errorf("param %s must not be a %s", wrongType.Field, wrongType.Value)
	}
	return errors.New("the body is not valid JSON")
}

// asJSON returns the value of a form as JSON: objects, lists and texts in quotes are JSON already, all else is a text.
func asJSON(value string) json.RawMessage {
	trimmed := strings.TrimSpace(value)
	if trimmed != "" && strings.ContainsRune(`{["`, rune(trimmed[0])) {
		for _, candidate := range []string{trimmed, withDoubleQuotes(trimmed)} {
			if json.Valid([]byte(candidate)) {
				return json.RawMessage(candidate)
			}
		}
	}
	text, _ := json.Marshal(value) // a text can always be written
	return text
}

// withDoubleQuotes turns the single quotes around texts into double ones, as Graph does: {'id':'1'} becomes {"id":"1"}.
func withDoubleQuotes(s string) string {
	var out strings.Builder
	var open byte // the quote that the text began with; 0 means that none is open
	for i := 0; i < len(s); i++ {
		c := s[i]
		isEscape := c == '\\' && i+1 < len(s)
		switch {
		case isEscape && s[i+1] == '\'':
			out.WriteByte('\'')
			i++
		case isEscape:
			out.WriteString(s[i : i+2])
			i++
		case open == 0 && (c == '\'' || c == '"'):
			open = c
			out.WriteByte('"')
		case open != 0 && c == open:
			open = 0
			out.WriteByte('"')
		case open == '\'' && c == '"':
			out.WriteString(`\"`)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// File is a file of a form.
type File struct {
	Name        string
	ContentType string // without parameters; "" means that the form names none
	Content     []byte
}

// File returns the file of an argument. ok is false if there is not exactly one.
func (a Arguments) File(name string) (f File, ok bool) {
	if len(a.files[name]) != 1 {
		return File{}, false
	}

	header := a.files[name][0]
	part, err := header.Open()
	if err != nil {
		return File{}, false
	}
	defer func() { _ = part.Close() }()

	content, err := io.ReadAll(part)
	if err != nil {
		return File{}, false
	}
	return File{Name: header.Filename, ContentType: BareType(header.Header.Get("Content-Type")), Content: content}, true
}

// BareType returns a content type without its parameters: "audio/ogg" of "audio/ogg; codecs=opus".
func BareType(contentType string) string {
	bare, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(bare))
}

// Names are a list of names, which stands in JSON as a list, or as a text with commas.
type Names []string

// UnmarshalJSON implements json.Unmarshaler.
func (n *Names) UnmarshalJSON(raw []byte) error {
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		*n = list
		return nil
	}

	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return errors.New("a list of names must be a list or a text with commas")
	}
	*n = nil
	for name := range strings.SplitSeq(text, ",") {
		*n = append(*n, strings.TrimSpace(name))
	}
	return nil
}
