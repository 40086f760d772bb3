// Package webcall reads a call of the Web API: its arguments, what a message of it shows, and which page of a list it
// asks for.
package webcall

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"parley/bot/slack/slackfake/workspace"
)

// A Web API method takes its arguments from a query, a form or JSON. Call.Read makes texts of them all; objects
// stay JSON within the text. The handlers of methods then read single arguments.

// MaxBody caps Web API requests; files go elsewhere.
const MaxBody = 4 << 20

// Reply is the body of an ok answer.
type Reply map[string]any

// Call is one Web API request, with its arguments and the app's permissions.
type Call struct {
	*workspace.Ground
	Grant   *workspace.Grant
	Method  string
	Args    map[string]string
	Token   string
	Used    []string // scopes that the call needed
	NoShare bool     // by a fault, files of this call are never shown in a channel
}

// Str is an argument as text.
func (c *Call) Str(k string) string { return c.Args[k] }

// Raw is an argument as JSON; nil when it is absent or null.
func (c *Call) Raw(k string) json.RawMessage { return rawArg(c.Args[k]) }

// Has reports whether an argument was given.
func (c *Call) Has(k string) bool { _, ok := c.Args[k]; return ok }

// Flag reports whether an argument says yes.
func (c *Call) Flag(k string) bool {
	b, err := strconv.ParseBool(c.Args[k])
	return err == nil && b
}

func rawArg(v string) json.RawMessage {
	if v == "" || v == "null" {
		return nil
	}
	return json.RawMessage(v)
}

// Read takes the arguments from the query and from a form, multipart or JSON body.
func (c *Call) Read(w http.ResponseWriter, r *http.Request) *workspace.Refusal {
	c.Args = map[string]string{}
	for k, v := range r.URL.Query() {
		c.Args[k] = v[0]
	}

	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	hasBody := r.Method == http.MethodPost && r.ContentLength != 0
	if err != nil && hasBody {
		return workspace.Refuse("missing_post_type")
	}

	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	if r.Method != http.MethodGet {
		if e := c.readBody(r, kind); e != nil {
			return e
		}
	}

	c.Token = c.Args["token"]
	delete(c.Args, "token")

	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		c.Token = t
	}

	return nil
}

// readBody takes the arguments from the body of a request. kind is its media type; "" if it has none.
func (c *Call) readBody(r *http.Request, kind string) *workspace.Refusal {
	if r.Method != http.MethodPost {
		return workspace.Refuse("method_not_supported")
	}

	switch kind {
	case "":
		return nil
	case "application/json":
		return c.readJSON(r.Body)
	case "application/x-www-form-urlencoded", "multipart/form-data":
		err := r.ParseMultipartForm(MaxBody)
		if err != nil && !errors.Is(err, http.ErrNotMultipart) {
			return workspace.Refuse("invalid_form_data")
		}

		for k, v := range r.PostForm {
			c.Args[k] = v[0]
		}
		return nil
	}

	return workspace.Refuse("invalid_post_type")
}

// readJSON takes the arguments from a JSON object. Texts lose their quotation marks, other values stay JSON.
func (c *Call) readJSON(body io.Reader) *workspace.Refusal {
	b, err := io.ReadAll(body)
	if err != nil {
		return workspace.Refuse("invalid_json")
	}
	if len(b) == 0 {
		return nil
	}

	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		if json.Valid(b) {
			return workspace.Refuse("json_not_object")
		}
		return workspace.Refuse("invalid_json")
	}

	for k, v := range m {
		var text string
		if json.Unmarshal(v, &text) == nil {
			if string(v) != "null" {
				c.Args[k] = text
			}
			continue
		}

		c.Args[k] = string(v)
	}

	return nil
}

// Need demands one of the scopes (alternatives separated by |) and records its use.
func (c *Call) Need(scope string) *workspace.Refusal {
	alt := strings.Split(scope, "|")
	for _, sc := range alt {
		if c.Grant.Scopes[sc] {
			if !slices.Contains(c.Used, sc) {
				c.Used = append(c.Used, sc)
			}
			return nil
		}
	}
	return &workspace.Refusal{Code: "missing_scope", Needed: strings.Join(alt, ",")}
}
