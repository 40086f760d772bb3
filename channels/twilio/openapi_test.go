package twilio

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// These tests compare the channel's requests and the emulator's answers with Twilio's published descriptions of its APIs.
// They are too large to be kept here, so PARLEY_TESTDATA names a folder with them.

// description is a published OpenAPI 3.0 description, read as JSON Schema.
type description struct {
	name     string
	doc      map[string]any
	compiler *jsonschema.Compiler
}

// readDescription reads a description from the folder.
func readDescription(t *testing.T, folder, name string) *description {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, "twilio", name))
	noError(t, err)
	var doc map[string]any
	noError(t, json.Unmarshal(raw, &doc))
	allowNull(doc)
	d := &description{name: "https://published.test/" + name, doc: doc, compiler: jsonschema.NewCompiler()}
	d.compiler.DefaultDraft(jsonschema.Draft4)
	noError(t, d.compiler.AddResource(d.name, doc))
	return d
}

// allowNull adds the type null to types that are nullable. OpenAPI 3.0 writes "nullable", which JSON Schema doesn't know.
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

// operation finds the operation of a request and the pattern of its path. The pattern is "" if the request isn't
// described.
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

// validate compares a value with the schema to which a JSON pointer leads.
func (d *description) validate(pointer string, v any) error {
	schema, err := d.compiler.Compile(d.name + "#" + pointer)
	if err != nil {
		return fmt.Errorf("schema %s: %w", pointer, err)
	}
	return schema.Validate(v)
}

// pointer makes a JSON pointer.
func pointer(parts ...string) string {
	var out strings.Builder
	for _, p := range parts {
		out.WriteString("/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(p)))
	}
	return out.String()
}

// at follows names from object to object, and returns the last one. It returns nil if there is none.
func at(object map[string]any, names ...string) map[string]any {
	for _, name := range names {
		object, _ = object[name].(map[string]any)
	}
	return object
}

// objectOf makes an object of a form, as the description sees it.
func objectOf(op map[string]any, form url.Values) (map[string]any, error) {
	props := at(op, "requestBody", "content", "application/x-www-form-urlencoded", "schema", "properties")
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

// check compares a request and its answer with the description. It returns the operation, such as "GET /v1/Content", or
// "" if the request isn't described.
func (d *description) check(r twiliofake.Request) (operation string, err error) {
	pattern, op := d.operation(r.Method, r.Path)
	if op == nil {
		return "", nil
	}
	operation = r.Method + " " + pattern
	if err := checkQuery(op, r.Query); err != nil {
		return operation, err
	}
	path := []string{"paths", pattern, strings.ToLower(r.Method)}
	if err := d.checkRequestBody(op, path, r); err != nil {
		return operation, fmt.Errorf("request: %w", err)
	}
	isRefusal := r.Status < 200 || r.Status > 299
	if isRefusal { // refusals are not described
		return operation, nil
	}
	if err := d.checkAnswer(op, path, r); err != nil {
		return operation, fmt.Errorf("answer: %w", err)
	}
	return operation, nil
}

// checkRequestBody compares the body of a request, a form or JSON, with the operation's schema.
func (d *description) checkRequestBody(op map[string]any, path []string, r twiliofake.Request) error {
	if len(r.Body) == 0 {
		return nil
	}
	contentType, _, _ := strings.Cut(r.ContentType, ";")
	var body any
	if contentType == "application/json" {
		if err := json.Unmarshal(r.Body, &body); err != nil {
			return err
		}
	} else {
		form, err := url.ParseQuery(string(r.Body))
		if err != nil {
			return err
		}
		if body, err = objectOf(op, form); err != nil {
			return err
		}
	}
	return d.validate(pointer(append(path, "requestBody", "content", contentType, "schema")...), body)
}

// checkAnswer compares an answer with the operation's schema for its status.
func (d *description) checkAnswer(op map[string]any, path []string, r twiliofake.Request) error {
	status := strconv.Itoa(r.Status)
	response := at(op, "responses", status)
	if response == nil {
		return fmt.Errorf("the status %s is not described", status)
	}
	if response["content"] == nil {
		return nil
	}
	var answer any
	if err := json.Unmarshal(r.Answer, &answer); err != nil {
		return err
	}
	return d.validate(pointer(append(path, "responses", status, "content", "application/json", "schema")...), answer)
}

// checkQuery returns an error if the query has a parameter that Twilio doesn't have.
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

// readDescriptions reads the descriptions of Twilio's APIs. It skips the test if they aren't here.
func readDescriptions(t *testing.T) (messages, contents *description) {
	t.Helper()
	folder := os.Getenv("PARLEY_TESTDATA")
	if folder == "" {
		t.Skip("PARLEY_TESTDATA is not set: Twilio's published descriptions are not here")
	}
	return readDescription(t, folder, "twilio_api_v2010.json"), readDescription(t, folder, "twilio_content_v1.json")
}

// All requests of the channel and all answers of the emulator are as Twilio describes them.
func TestAgainstPublishedAPI(t *testing.T) {
	t.Parallel()
	messages, contents := readDescriptions(t)
	seen := map[string]bool{}
	for _, r := range slices.Concat(recordSending(t), recordChecks(t), recordOthers(t)) {
		for _, d := range []*description{messages, contents} {
			operation, err := d.check(r)
			seen[operation] = true
			if err != nil {
				t.Errorf("%s %s: %v", r.Method, r.Path, err)
			}
		}
	}
	for _, want := range []string{
		"POST /2010-04-01/Accounts/{AccountSid}/Messages.json",
		"GET /2010-04-01/Accounts/{AccountSid}/Messages.json",
		"GET /2010-04-01/Accounts/{AccountSid}/Messages/{MessageSid}/Media.json",
		"GET /2010-04-01/Accounts/{AccountSid}/Messages/{MessageSid}/Media/{Sid}.json",
		"DELETE /2010-04-01/Accounts/{AccountSid}/Messages/{MessageSid}/Media/{Sid}.json",
		"GET /2010-04-01/Accounts/{Sid}.json",
		"GET /2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers.json",
		"POST /v1/Content",
		"POST /v1/Content/{ContentSid}/ApprovalRequests/whatsapp",
		"PUT /v1/Content/{Sid}",
		"GET /v1/ContentAndApprovals",
		"DELETE /v1/Content/{Sid}",
	} {
		if !seen[want] {
			t.Errorf("%s was not exercised", want)
		}
	}
}

// The descriptions refuse a request with a content's id that is too short and a number as id in the answer. Without this,
// the test above would show nothing.
func TestPublishedAPIRefuses(t *testing.T) {
	t.Parallel()
	messages, _ := readDescriptions(t)
	bad := twiliofake.Request{
		Method:      "POST",
		Path:        "/2010-04-01/Accounts/" + testAccount + "/Messages.json",
		ContentType: "application/x-www-form-urlencoded",
		Body:        []byte("To=x&ContentSid=HXshort"),
		Status:      201,
		Answer:      []byte(`{"sid":1}`),
	}
	if _, err := messages.check(bad); err == nil {
		t.Error("got no error, want one")
	}
}

// recordSending lets a WhatsApp channel do all that concerns messages and templates, and returns its requests.
func recordSending(t *testing.T) []twiliofake.Request {
	t.Helper()
	w := newWorld(t, viaWhatsApp)
	w.base.number.service = testService
	w.annWrites("hi")
	w.mustSend(w.outbound(1, "**Hello**"))
	for _, rich := range []channels.Rich{
		{Buttons: []channels.Button{{ID: "a", Title: "A"}}},
		{List: sampleList()},
		{Buttons: []channels.Button{{Title: "A", URL: "https://acme.test"}}},
	} {
		w.mustSend(w.richMessage("**Hello**", rich))
	}
	w.mustSend(w.richMessage("", channels.Rich{Location: &channels.Location{Latitude: 1, Longitude: 2}}))

	withFile := w.outbound(1, "x")
	withFile.Files = []channels.File{publicFile(t, "a.png", "image/png", "x")}
	w.mustSend(withFile)

	w.useTemplates()

	w.annSends(twiliofake.Message{Media: pngMedia("x")})
	w.poll(w.loadMemory())
	lost := w.outbound(1, "x")
	lost.Attempt.FirstAt = w.clock.now()
	_, _, _ = w.channel.Reconcile(t.Context(), lost) // only its requests matter

	return w.fake.Requests()
}

// useTemplates submits, sends, lists and deletes a template of each type.
func (w *world) useTemplates() {
	w.t.Helper()
	c := w.channel.(channels.Templater)
	for i, change := range []func(*channels.Template){
		func(*channels.Template) {},
		func(t *channels.Template) { t.Footer = "Acme" },
		func(t *channels.Template) { t.Buttons = []channels.Button{{Title: "Yes"}} },
	} {
		template := sampleTemplate()
		template.Name += strconv.Itoa(i)
		change(&template)
		template.ExternalID = w.submit(template).ExternalID
		o := w.outbound(1, "x")
		o.Template = &channels.TemplateUse{Template: template, Values: map[string]string{"customer_name": "Ann", "order": "1"}}
		w.mustSend(o)
		if _, err := c.ListTemplates(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		noError(w.t, c.DeleteTemplate(w.t.Context(), template))
	}
}

// recordChecks lets an SMS channel check its settings, and returns its requests.
func recordChecks(t *testing.T) []twiliofake.Request {
	t.Helper()
	w := newWorld(t, viaSMS)
	w.channel.(channels.Checker).Check(t.Context())
	return w.fake.Requests()
}
