package twilio

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// description is a published OpenAPI 3.0 description, read as JSON Schema.
type description struct {
	name     string
	doc      map[string]any
	compiler *jsonschema.Compiler
}

// readDescription makes JSON Schema of what OpenAPI 3.0 writes its own way: nullable.
func readDescription(t *testing.T, folder, name string) *description {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, "twilio", name))
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	allowNull(doc)
	d := &description{name: "https://published.test/" + name, doc: doc, compiler: jsonschema.NewCompiler()}
	d.compiler.DefaultDraft(jsonschema.Draft4)
	if err := d.compiler.AddResource(d.name, doc); err != nil {
		t.Fatal(err)
	}
	return d
}

// allowNull gives the types that are nullable the type null too, as JSON Schema writes it.
func allowNull(v any) {
	switch v := v.(type) {
	case map[string]any:
		if kind, ok := v["type"].(string); ok && v["nullable"] == true {
			v["type"] = []any{kind, "null"}
		}
		for name, child := range v {
			if p, ok := child.(map[string]any); ok && (name == "uri" || strings.HasSuffix(name, "_uri")) {
				delete(p, "format") // relative in the description's own examples
			}
			allowNull(child)
		}
	case []any:
		for _, child := range v {
			allowNull(child)
		}
	}
}

// operation finds the operation of a request: by its path, method in lower case.
func (d *description) operation(method, path string) (pattern string, op map[string]any) {
	for p, item := range d.doc["paths"].(map[string]any) {
		re := "^" + regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(p), `[^/.]+`) + "$"
		if regexp.MustCompile(re).MatchString(path) {
			if op, ok := item.(map[string]any)[strings.ToLower(method)].(map[string]any); ok {
				return p, op
			}
		}
	}
	return "", nil
}

func (d *description) validate(pointer string, v any) error {
	schema, err := d.compiler.Compile(d.name + "#" + pointer)
	if err != nil {
		return fmt.Errorf("schema %s: %w", pointer, err)
	}
	return schema.Validate(v)
}

func pointer(parts ...string) string {
	var out strings.Builder
	for _, p := range parts {
		out.WriteString("/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(p)))
	}
	return out.String()
}

// objectOf gives a form as the object that the description is about.
func objectOf(op map[string]any, form url.Values) (map[string]any, error) {
	props := op["requestBody"].(map[string]any)["content"].(map[string]any)["application/x-www-form-urlencoded"].(map[string]any)["schema"].(map[string]any)["properties"].(map[string]any)
	out := map[string]any{}
	for name, values := range form {
		p, ok := props[name].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("there is no parameter %s", name)
		}
		switch p["type"] {
		case "array":
			list := []any{}
			for _, v := range values {
				list = append(list, v)
			}
			out[name] = list
		case "integer":
			n, err := strconv.Atoi(values[0])
			if err != nil {
				return nil, err
			}
			out[name] = n
		default:
			if len(values) != 1 {
				return nil, fmt.Errorf("%s is there %d times", name, len(values))
			}
			out[name] = values[0]
		}
	}
	return out, nil
}

// check compares one request and its answer with the description. It gives the operation,
// "" for one that isn't described.
func (d *description) check(r twiliofake.Request) (string, error) {
	pattern, op := d.operation(r.Method, r.Path)
	if op == nil {
		return "", nil
	}
	at := []string{"paths", pattern, strings.ToLower(r.Method)}
	if err := checkQuery(op, r.Query); err != nil {
		return pattern, err
	}
	if len(r.Body) > 0 {
		kind, _, _ := strings.Cut(r.ContentType, ";")
		var body any
		if kind == "application/json" {
			if err := json.Unmarshal(r.Body, &body); err != nil {
				return pattern, err
			}
		} else {
			form, err := url.ParseQuery(string(r.Body))
			if err != nil {
				return pattern, err
			}
			if body, err = objectOf(op, form); err != nil {
				return pattern, err
			}
		}
		if err := d.validate(pointer(append(at, "requestBody", "content", kind, "schema")...), body); err != nil {
			return pattern, fmt.Errorf("request: %w", err)
		}
	}
	if r.Status < 200 || r.Status > 299 {
		return pattern, nil // refusals aren't described
	}
	responses := op["responses"].(map[string]any)
	response, ok := responses[strconv.Itoa(r.Status)].(map[string]any)
	if !ok {
		return pattern, fmt.Errorf("the status %d is not described", r.Status)
	}
	if response["content"] == nil {
		return pattern, nil
	}
	var answer any
	if err := json.Unmarshal(r.Answer, &answer); err != nil {
		return pattern, err
	}
	if err := d.validate(pointer(append(at, "responses", strconv.Itoa(r.Status), "content", "application/json", "schema")...), answer); err != nil {
		return pattern, fmt.Errorf("answer: %w", err)
	}
	return pattern, nil
}

// checkQuery finds query parameters that Twilio doesn't have.
func checkQuery(op map[string]any, raw string) error {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	list, _ := op["parameters"].([]any)
	for _, p := range list {
		known[p.(map[string]any)["name"].(string)] = true
	}
	for name := range query {
		if !known[name] {
			return fmt.Errorf("there is no query parameter %s", name)
		}
	}
	return nil
}

// TestAgainstPublishedAPI: all that the channel asks and the emulator answers is as Twilio's
// published descriptions say.
func TestAgainstPublishedAPI(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("PARLEY_TESTDATA")
	if folder == "" {
		t.Skip("PARLEY_TESTDATA is not set: Twilio's published descriptions are not here")
	}
	descriptions := []*description{readDescription(t, folder, "twilio_api_v2010.json"), readDescription(t, folder, "twilio_content_v1.json")}
	seen := map[string]bool{}
	for _, r := range liveRequests(t) {
		for _, d := range descriptions {
			pattern, err := d.check(r)
			if pattern != "" {
				seen[r.Method+" "+pattern] = true
			}
			if err != nil {
				t.Errorf("%s %s: %v", r.Method, r.Path, err)
			}
		}
	}
	const messages = "/2010-04-01/Accounts/{AccountSid}/Messages"
	for _, want := range []string{"POST " + messages + ".json", "GET " + messages + ".json", "GET " + messages + "/{MessageSid}/Media.json",
		"GET /2010-04-01/Accounts/{Sid}.json", "GET /2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers.json", "POST /v1/Content",
		"POST /v1/Content/{ContentSid}/ApprovalRequests/whatsapp", "GET /v1/ContentAndApprovals", "DELETE /v1/Content/{Sid}"} {
		if !seen[want] {
			t.Errorf("%s was not exercised", want)
		}
	}
	bad := twiliofake.Request{Method: "POST", Path: "/2010-04-01/Accounts/" + testAccount + "/Messages.json", ContentType: "application/x-www-form-urlencoded",
		Body: []byte("To=x&ContentSid=HXshort"), Status: 201, Answer: []byte(`{"sid":1}`)}
	if _, err := descriptions[0].check(bad); err == nil {
		t.Error("a request with an unknown content and an answer with a number as id fit the description, want an error")
	}
}

// liveRequests plays everything that the channel does and gives the calls.
func liveRequests(t *testing.T) []twiliofake.Request {
	t.Helper()
	w := newWorld(t, viaWhatsApp)
	w.base.number.service = "MG00000000000000000000000000000001"
	w.annWrites("hi")
	o := w.outbound(1, "**Hello**")
	w.mustSend(o)
	o.Rich = &channels.Rich{Buttons: []channels.Button{{ID: "a", Title: "A"}}}
	w.mustSend(o)
	o.Rich = &channels.Rich{List: &channels.List{Button: "Open", Sections: []channels.ListSection{{Rows: []channels.ListRow{{ID: "a", Title: "A"}}}}}}
	w.mustSend(o)
	o.Rich = &channels.Rich{Buttons: []channels.Button{{Title: "A", URL: "https://acme.test"}}}
	w.mustSend(o)
	o.Text, o.Rich = "", &channels.Rich{Location: &channels.Location{Latitude: 1, Longitude: 2}}
	w.mustSend(o)
	o.Text, o.Rich, o.Files = "x", nil, []channels.File{publicFile(t, "a.png", "image/png", "x")}
	w.mustSend(o)
	c := w.channel.(channels.Templater)
	for i, change := range []func(*channels.Template){func(*channels.Template) {}, func(t *channels.Template) { t.Footer = "Acme" },
		func(t *channels.Template) { t.Buttons = []channels.Button{{Title: "Yes"}} }} {
		tm := sampleTemplate()
		tm.Name += strconv.Itoa(i)
		change(&tm)
		use := channels.TemplateUse{Template: tm, Values: map[string]string{"customer_name": "Ann", "order": "1"}}
		use.ExternalID = w.submit(tm).ExternalID
		o.Template = &use
		w.mustSend(o)
		if _, err := c.ListTemplates(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.DeleteTemplate(t.Context(), use.Template); err != nil {
			t.Fatal(err)
		}
	}
	w.annSends(twiliofake.Message{Media: pngMedia("x")})
	w.poll(w.loadMemory())
	o.Attempt.FirstAt = w.clock.now()
	_, _, _ = w.channel.Reconcile(t.Context(), o) // for its requests alone
	sms := newWorld(t, viaSMS)
	sms.channel.(channels.Checker).Check(t.Context())
	return append(w.fake.Requests(), sms.fake.Requests()...)
}
