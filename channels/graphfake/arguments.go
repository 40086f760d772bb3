package graphfake

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

// Arguments are the arguments of one call. Read returns them.
type Arguments struct {
	values  map[string]json.RawMessage // by name
	files   map[string][]*multipart.FileHeader
	bodyErr error // the error of parsing the body
}

// Read parses the arguments of a request. It gets the request's body separately, which it doesn't read from r. If the body
// is malformed, Decode returns the error.
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
	// With this limit all files stay in memory, because a form isn't larger than its body.
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

// add adds the arguments of a query or a form. If an argument is repeated, its last value wins.
func (a *Arguments) add(values url.Values) {
	for name, list := range values {
		a.values[name] = asJSON(list[len(list)-1])
	}
}

// Text returns a string argument, or "" if the argument is missing or isn't a string. Use Decode to distinguish these.
func (a Arguments) Text(name string) string {
	var text string
	if json.Unmarshal(a.values[name], &text) != nil {
		return ""
	}
	return text
}

// Decode stores the arguments in v, as json.Unmarshal does. It leaves out the arguments that every call may have.
// Errors: the body is malformed, or an argument has the wrong type. Their texts are for people.
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

// commonNames returns the arguments that every call may have.
func commonNames() []string {
	return []string{"access_token", "appsecret_proof", "format", "locale", "pretty", "debug", "suppress_http_code"}
}

func formError(err error) error { return fmt.Errorf("the form can't be read: %w", err) }

// unmarshal is json.Unmarshal with error texts for people.
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

// asJSON converts a value of a query or a form to JSON. Objects, arrays and quoted strings are JSON already; anything else
// becomes a string. So {"id":1} stays as it is, {'id':1} becomes {"id":1}, and 5 becomes "5".
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

// withDoubleQuotes replaces the single quotes around strings with double quotes, as Graph does: {'id':'1'} becomes
// {"id":"1"}.
func withDoubleQuotes(s string) string {
	var out strings.Builder
	var open byte // the opening quote of the string that contains s[i]; 0 outside of strings
	for i := 0; i < len(s); i++ {
		c := s[i]
		isEscape := c == '\\' && i+1 < len(s)
		isQuote := c == '\'' || c == '"'
		switch {
		case isEscape && s[i+1] == '\'': // \' becomes ', because JSON doesn't know this escape
			out.WriteByte('\'')
			i++
		case isEscape:
			out.WriteString(s[i : i+2])
			i++
		case isQuote && open == 0: // a string begins
			open = c
			out.WriteByte('"')
		case isQuote && open == c: // it ends
			open = 0
			out.WriteByte('"')
		case c == '"': // a double quote inside single quotes
			out.WriteString(`\"`)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// ArgumentsFile is a file in a form.
type ArgumentsFile struct {
	Name        string
	ContentType string // without parameters; "" means unknown
	Content     []byte
}

// File returns the file of an argument. ok is false unless there is exactly one.
func (a Arguments) File(name string) (f ArgumentsFile, ok bool) {
	if len(a.files[name]) != 1 {
		return ArgumentsFile{}, false
	}

	header := a.files[name][0]
	part, err := header.Open()
	if err != nil {
		return ArgumentsFile{}, false
	}
	defer func() { _ = part.Close() }()

	content, err := io.ReadAll(part)
	if err != nil {
		return ArgumentsFile{}, false
	}
	return ArgumentsFile{
		Name:        header.Filename,
		ContentType: BareType(header.Header.Get("Content-Type")),
		Content:     content,
	}, true
}

// BareType returns a content type without its parameters: "audio/ogg" for "audio/ogg; codecs=opus".
func BareType(contentType string) string {
	bare, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(bare))
}

// Names is a list of names. Graph accepts it as an array, ["a","b"], or as a string with commas, "a,b".
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
