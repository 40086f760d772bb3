package slackfake

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// MaxBody limits the body of a Web API request, in bytes. Files are uploaded separately.
const MaxBody = 4 << 20

// Reply is the body of a successful response, without the field ok.
type Reply map[string]any

// WebcallCall is a Web API request with its arguments and the app's permissions. Clients may send arguments in the
// query, a form or JSON. Read converts all of them to strings; values that aren't strings are kept as JSON,
// such as `[{"type":"divider"}]`.
type WebcallCall struct {
	*Ground
	Grant   *Grant
	Method  string
	Args    map[string]string
	Token   string
	Used    []string // scopes that the call needed
	NoShare bool     // an injected fault: files of this call never appear in a channel
}

// Str returns an argument, or "".
func (c *WebcallCall) Str(key string) string { return c.Args[key] }

// Raw returns an argument as JSON, or nil if it is missing, empty or null.
func (c *WebcallCall) Raw(key string) json.RawMessage {
	value := c.Args[key]
	if value == "" || value == "null" {
		return nil
	}
	return json.RawMessage(value)
}

// Has reports whether an argument was sent.
func (c *WebcallCall) Has(key string) bool { _, ok := c.Args[key]; return ok }

// Flag returns an argument as a boolean. Missing and invalid values are false.
func (c *WebcallCall) Flag(key string) bool {
	b, err := strconv.ParseBool(c.Args[key])
	return err == nil && b
}

// Read sets Args and Token from the query, the headers and the body. A body may be a form, a multipart form
// or JSON, and its arguments take precedence.
func (c *WebcallCall) Read(w http.ResponseWriter, r *http.Request) *WorkspaceRefusal {
	c.Args = map[string]string{}
	for k, v := range r.URL.Query() {
		c.Args[k] = v[0]
	}

	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	hasBody := r.Method == http.MethodPost && r.ContentLength != 0
	if err != nil && hasBody {
		return Refuse("missing_post_type")
	}

	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	if r.Method != http.MethodGet {
		if refusal := c.readBody(r, kind); refusal != nil {
			return refusal
		}
	}

	c.Token = c.Args["token"]
	delete(c.Args, "token")

	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		c.Token = token
	}

	return nil
}

// readBody adds the arguments in the body of a request. kind is its media type, or "" without a body.
func (c *WebcallCall) readBody(r *http.Request, kind string) *WorkspaceRefusal {
	if r.Method != http.MethodPost {
		return Refuse("method_not_supported")
	}

	switch kind {
	case "":
		return nil
	case "application/json":
		return c.readJSON(r.Body)
	case "application/x-www-form-urlencoded", "multipart/form-data":
		err := r.ParseMultipartForm(MaxBody)
		if err != nil && !errors.Is(err, http.ErrNotMultipart) {
			return Refuse("invalid_form_data")
		}

		for k, v := range r.PostForm {
			c.Args[k] = v[0]
		}
		return nil
	}

	return Refuse("invalid_post_type")
}

// readJSON adds the arguments in a JSON object. Null values are ignored.
func (c *WebcallCall) readJSON(body io.Reader) *WorkspaceRefusal {
	b, err := io.ReadAll(body)
	if err != nil {
		return Refuse("invalid_json")
	}
	if len(b) == 0 {
		return nil
	}

	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		if json.Valid(b) {
			return Refuse("json_not_object")
		}
		return Refuse("invalid_json")
	}

	for key, value := range m {
		if string(value) == "null" {
			continue
		}
		var text string
		if json.Unmarshal(value, &text) == nil {
			c.Args[key] = text
		} else {
			c.Args[key] = string(value)
		}
	}

	return nil
}

// Need refuses the call with missing_scope unless the app has the scope, and records the use of the scope.
// Alternatives are separated by "|".
func (c *WebcallCall) Need(scope string) *WorkspaceRefusal {
	alternatives := strings.Split(scope, "|")
	for _, alternative := range alternatives {
		if c.Grant.Scopes[alternative] {
			if !slices.Contains(c.Used, alternative) {
				c.Used = append(c.Used, alternative)
			}
			return nil
		}
	}
	return &WorkspaceRefusal{Code: "missing_scope", Needed: strings.Join(alternatives, ",")}
}
