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

// arguments are the arguments of one call. readArguments returns them.
type arguments struct {
	values  map[string]json.RawMessage // by name
	files   map[string][]*multipart.FileHeader
	bodyErr error // the error of parsing the body
}

// readArguments parses the arguments of a request: those of its query and of its body, which is JSON or a multipart form. If
// the body is malformed, Decode returns the error.
func readArguments(r *http.Request, body []byte) arguments {
	a := arguments{values: map[string]json.RawMessage{}}
	a.add(r.URL.Query())
	contentType, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if contentType == "multipart/form-data" {
		// With this limit all files stay in memory, because a form isn't larger than its body.
		form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(int64(len(body)))
		if err != nil {
			a.bodyErr = fmt.Errorf("the form can't be read: %w", err)
			return a
		}
		a.add(form.Value)
		a.files = form.File
		return a
	}

	if len(body) > 0 {
		var fields map[string]json.RawMessage
		a.bodyErr = unmarshal(body, &fields)
		maps.Copy(a.values, fields)
	}
	return a
}

// add adds the arguments of a query or a form. A value is a string, unless it is a JSON object.
func (a *arguments) add(values url.Values) {
	for name, list := range values {
		value := []byte(list[len(list)-1])
		if !bytes.HasPrefix(value, []byte("{")) || !json.Valid(value) {
			value, _ = json.Marshal(string(value)) // can't fail for a string
		}
		a.values[name] = value
	}
}

// Text returns a string argument, or "" if the argument is missing or isn't a string.
func (a arguments) Text(name string) string {
	var text string
	if json.Unmarshal(a.values[name], &text) != nil {
		return ""
	}
	return text
}

// Decode stores the arguments in v, as json.Unmarshal does. It leaves out those that every call may have.
// Errors: the body is malformed, or an argument has the wrong type. Their texts are for people.
func (a arguments) Decode(v any) error {
	if a.bodyErr != nil {
		return a.bodyErr
	}
	values := maps.Clone(a.values)
	delete(values, "access_token")
	delete(values, "appsecret_proof")
	raw, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("the arguments are not valid: %w", err)
	}
	return unmarshal(raw, v)
}

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

// formFile is a file in a form.
type formFile struct {
	Name        string
	ContentType string // without parameters; "" means unknown
	Content     []byte
}

// File returns the file of an argument. ok is false unless there is exactly one.
func (a arguments) File(name string) (f formFile, ok bool) {
	if len(a.files[name]) != 1 {
		return formFile{}, false
	}

	header := a.files[name][0]
	part, err := header.Open()
	if err != nil {
		return formFile{}, false
	}
	defer func() { _ = part.Close() }()

	content, err := io.ReadAll(part)
	return formFile{Name: header.Filename, ContentType: bareType(header.Header.Get("Content-Type")), Content: content}, err == nil
}

// bareType returns a content type without its parameters: "audio/ogg" for "audio/ogg; codecs=opus".
func bareType(contentType string) string {
	bare, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(bare))
}

// names is a list of names, which Graph takes as a text with commas.
type names []string

// UnmarshalJSON implements json.Unmarshaler.
func (n *names) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return errors.New("a list of names must be a text with commas")
	}
	*n = nil
	for name := range strings.SplitSeq(text, ",") {
		*n = append(*n, strings.TrimSpace(name))
	}
	return nil
}
