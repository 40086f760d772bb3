package http_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"parley/channels"
)

// published returns a part of the schema that docs/ publishes.
func published(t *testing.T, part string) *jsonschema.Schema {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "http-channel.schema.json"))
	noError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	noError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	noError(t, compiler.AddResource("schema.json", doc))
	s, err := compiler.Compile("schema.json#/$defs/" + part)
	noError(t, err)
	return s
}

// validate compares a text with a published form. It returns nil if the text has that form.
func validate(t *testing.T, s *jsonschema.Schema, raw string) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return s.Validate(value)
}

// TestSchemaOut: each callback has the published form.
// Requirement R-277: A channel over HTTP.
func TestSchemaOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(e *channels.Env) { e.HookURL = "https://help.test/hooks/shop" })
	o := outbound(1, "all of it")
	o.Subject, o.Signature.Text, o.ReplyTo, o.Automatic = "About", "-- *Ann*", "m-1", true
	o.Files = []channels.File{linkedFile("a.txt", "https://help.test/files/x")}
	list := []channels.Outbound{outbound(2, "only text"), o}
	for i, r := range richMessages(10) {
		next := outbound(int64(10+i), "")
		next.Rich = &r
		list = append(list, next)
	}

	empty := outbound(3, "an empty file")
	empty.Files = []channels.File{inlineFile("empty.txt", nil)}
	inline := newWorld(t, nil)
	inline.mustSend(t, empty)
	for _, o := range list {
		w.mustSend(t, o)
	}

	callback := published(t, "callback")
	for _, g := range append(w.shop.Got(), inline.shop.Got()...) {
		if err := validate(t, callback, string(g.Body)); err != nil {
			t.Errorf("%s\n%v", g.Body, err)
		}
	}

	wantEqual(t, "callbacks", len(w.shop.Got()), len(list))
	for _, bad := range []string{`{}`, `{"type":"message","id":"1","account":"a","conversation":"1","to":{}}`} {
		if validate(t, callback, bad) == nil {
			t.Errorf("the schema takes %s", bad)
		}
	}
}

// TestSchemaIn: the webhook takes and refuses the same events as the schema, except for faults that a schema can't find.
// Its answers have the published form.
// Requirement R-277: A channel over HTTP.
func TestSchemaIn(t *testing.T) {
	t.Parallel()
	batch, accepted := published(t, "batch"), published(t, "accepted")
	for _, c := range events() {
		w := newWorld(t, nil)
		raw := `{"events":[` + c.raw + `]}`
		if err := validate(t, batch, raw); (err == nil) != (c.fault == "") && !c.finer {
			t.Errorf("%s: the schema says %v, wanted %q", c.raw, err, c.fault)
		}
		_, answer, err := w.shop.Post(t.Context(), w.hook, json.RawMessage(c.raw))
		if err != nil || validate(t, accepted, answer) != nil {
			t.Errorf("%s: answered %s, %v", c.raw, answer, err)
		}
	}
}

// TestDocExamples: the examples in the documentation have the published form, and its curl command works.
// Requirement R-277: A channel over HTTP.
func TestDocExamples(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "http-channel.md"))
	noError(t, err)
	examples := regexp.MustCompile("(?s)```json ([a-z]+)\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	wantEqual(t, "examples on the page", len(examples), 4)
	w := newWorld(t, nil)
	for _, e := range examples {
		if err := validate(t, published(t, e[1]), e[2]); err != nil {
			t.Errorf("%s\n%v", e[2], err)
		}
		if e[1] == "batch" {
			var b struct{ Events []any }
			noError(t, json.Unmarshal([]byte(e[2]), &b))
			const typing = 1 // isn't a fact
			wantEqual(t, "facts of the batch", len(w.post(t, b.Events...)), len(b.Events)-typing)
		}
	}

	// The example in sh signs a request and posts it.
	script := regexp.MustCompile("(?s)```sh\n(.*?)```").FindStringSubmatch(string(page))
	for _, tool := range []string{"sh", "curl", "openssl", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the example needs %s", tool)
		}
	}

	cmd := exec.CommandContext(t.Context(), "sh", "-euc", script[1])
	cmd.Env = append(os.Environ(), "SHOP_SECRET="+secret, "HOOK="+w.hook, "no_proxy=*")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the example fails: %v\n%s", err, out)
	}
	wantEqual(t, "answer to the example", strings.TrimSpace(string(out)), `{"accepted":1}`)
	facts := w.takeFacts()
	if len(facts) != 1 {
		t.Fatalf("the example became %d facts, want 1: %+v", len(facts), facts)
	}
	wantEqual(t, "id of the example's fact", facts[0].ExternalID, "message:m-1")
	wantEqual(t, "order key of the example's fact", facts[0].OrderKey, "customer:u-17")
}
