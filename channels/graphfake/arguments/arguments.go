// Package arguments reads what a call of Meta's Graph API says. Arguments may stand in the query, in a form or in a JSON
// body, and mean the same there:
//
//	POST /v26.0/1055/messages?messaging_type=RESPONSE
//	{"message": {"text": "hi"}}
//
// has the arguments messaging_type and message. Where the query and the body name the same argument, the body counts. Meta
// documents no rule for that; it is what $_REQUEST does in PHP, Graph's first language.
//
// What does not belong here: which arguments a call takes, and what is answered.
package arguments

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
)

// Arguments are those of one call.
type Arguments struct {
	values  map[string]json.RawMessage // by name
	files   map[string][]*multipart.FileHeader
	bodyErr error // why the body can't be read; nil if it can
}

// Read reads the arguments of a request with this body. A body that can't be read is reported by Decode.
func Read(r *http.Request, body []byte) Arguments {
	a := Arguments{values: map[string]json.RawMessage{}}
	a.add(r.URL.Query())
	contentType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		contentType = ""
	}

	switch contentType {
	case "application/x-www-form-urlencoded":
		a.readForm(body)
	case "multipart/form-data":
		a.readMultipart(body, params["boundary"])
	default:
		a.readJSON(body)
	}

	return a
}

func (a *Arguments) readForm(body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		a.bodyErr = formError(err)
	}
	a.add(form)
}

func (a *Arguments) readMultipart(body []byte, boundary string) {
	// A form isn't larger than its body, so all of its files stay in memory.
	form, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(int64(len(body)))
	if err != nil {
		a.bodyErr = formError(err)
		return
	}
	a.add(form.Value)
	a.files = form.File
}

func (a *Arguments) readJSON(body []byte) {
	if len(body) == 0 {
		return
	}
	var fields map[string]json.RawMessage
	a.bodyErr = unmarshal(body, &fields)
	maps.Copy(a.values, fields)
}

// add adds the arguments of a query or a form. Of several values with one name, the last counts.
func (a *Arguments) add(values url.Values) {
	for name, list := range values {
		a.values[name] = asJSON(list[len(list)-1])
	}
}

// Text returns an argument that is a text. It returns "" if the argument is missing or isn't a text. A caller that has to
// tell these apart uses Decode.
func (a Arguments) Text(name string) string {
	var text string
	if json.Unmarshal(a.values[name], &text) != nil {
		return ""
	}
	return text
}

// Decode reads the arguments into v, as json.Unmarshal does, but for those that go with any call and say nothing about its
// object. Errors are for people: the body can't be read, or an argument has another type than in v.
func (a Arguments) Decode(v any) error {
	if a.bodyErr != nil {
		return a.bodyErr
	}

	values := maps.Clone(a.values)
	for _, name := range commonNames() {
		delete(values, name)
	}
	raw, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("the arguments are not valid: %w", err)
	}
	return unmarshal(raw, v)
}

// commonNames are the arguments that go with any call.
func commonNames() []string {
	return []string{"access_token", "appsecret_proof", "format", "locale", "pretty", "debug", "suppress_http_code"}
}

func formError(err error) error { return fmt.Errorf("the form can't be read: %w", err) }

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

// asJSON returns a value of a query or a form as JSON. Objects, lists and texts in quotes are JSON already; all else is a
// text. So {"id":1} stays what it is, {'id':1} becomes {"id":1}, and 5 becomes "5".
func asJSON(value string) json.RawMessage {
	trimmed := strings.TrimSpace(value)
	if trimmed != "" && strings.ContainsRune(`{["`, rune(trimmed[0])) {
		for _, candidate := range []string{trimmed, withDoubleQuotes(trimmed)} {
			if json.Valid([]byte(candidate)) {
				return json.RawMessage(candidate)
			}
		}
	}

	text, _ := json.Marshal(value) // can't fail for a string
	return text
}

// withDoubleQuotes turns the single quotes around texts into double ones, as Graph does: {'id':'1'} becomes {"id":"1"}.
func withDoubleQuotes(s string) string {
	var out strings.Builder
	var open byte // the quote that began the text that i is in; 0 outside of texts
	for i := 0; i < len(s); i++ {
		c := s[i]
		isEscape := c == '\\' && i+1 < len(s)
		isQuote := c == '\'' || c == '"'
		switch {
		case isEscape && s[i+1] == '\'': // between double quotes, a single one needs no escape
			out.WriteByte('\'')
			i++
		case isEscape:
			out.WriteString(s[i : i+2])
			i++
		case isQuote && open == 0: // a text begins
			open = c
			out.WriteByte('"')
		case isQuote && open == c: // it ends
			open = 0
			out.WriteByte('"')
		case c == '"': // a double quote between single ones
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
	return File{
		Name:        header.Filename,
		ContentType: BareType(header.Header.Get("Content-Type")),
		Content:     content,
	}, true
}

// BareType returns a content type without its parameters: "audio/ogg" of "audio/ogg; codecs=opus".
func BareType(contentType string) string {
	bare, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(bare))
}

// Names are a list of names. Graph takes it as a list, ["a","b"], or as a text with commas, "a,b".
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
