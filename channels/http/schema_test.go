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

// published gives a part of the schema that docs/ publishes.
func published(t *testing.T, part string) *jsonschema.Schema {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "http-channel.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("schema.json#/$defs/" + part)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fits says what a text lacks to be of a published form; nil = nothing.
func fits(t *testing.T, s *jsonschema.Schema, raw string) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return s.Validate(value)
}

// TestSchemaOut: every callback is of the published form.
//
func TestSchemaOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(e *channels.Env) { e.HookURL = "https://help.test/hooks/shop" })
	o := outbound(1, "all of it")
	o.Subject, o.Signature.Text, o.ReplyTo, o.Automatic = "About", "-- *Ann*", "m-1", true
	o.Files = []channels.File{linked("a.txt", "https://help.test/files/x")}
	list := []channels.Outbound{outbound(2, "only text"), o}
	for i, r := range riches(10) {
		next := outbound(int64(10+i), "")
		next.Rich = &r
		list = append(list, next)
	}
	empty := outbound(3, "an empty file")
	empty.Files = []channels.File{content("empty.txt", nil)}
	inline := newWorld(t, nil)
	if _, err := inline.channel.Send(t.Context(), empty); err != nil {
		t.Fatal(err)
	}
	for _, o := range list {
		if _, err := w.channel.Send(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	callback := published(t, "callback")
	for _, g := range append(w.shop.Got(), inline.shop.Got()...) {
		if err := fits(t, callback, string(g.Body)); err != nil {
			t.Errorf("%s\n%v", g.Body, err)
		}
	}
	if len(w.shop.Got()) != len(list) {
		t.Errorf("%d callbacks", len(w.shop.Got()))
	}
	for _, bad := range []string{`{}`, `{"type":"message","id":"1","account":"a","conversation":"1","to":{}}`} {
		if fits(t, callback, bad) == nil {
			t.Errorf("the schema takes %s", bad)
		}
	}
}

// TestSchemaIn: the schema and the webhook take and refuse the same.
//
func TestSchemaIn(t *testing.T) {
	t.Parallel()
	batch, accepted := published(t, "batch"), published(t, "accepted")
	for _, c := range events() {
		w := newWorld(t, nil)
		raw := `{"events":[` + c.raw + `]}`
		if err := fits(t, batch, raw); (err == nil) != (c.fault == "") && !c.finer {
			t.Errorf("%s: the schema says %v, wanted %q", c.raw, err, c.fault)
		}
		_, answer, err := w.shop.Post(t.Context(), w.hook, json.RawMessage(c.raw))
		if err != nil || fits(t, accepted, answer) != nil {
			t.Errorf("%s: answered %s, %v", c.raw, answer, err)
		}
	}
}

// TestDocExamples: what the page shows is of the published form, and its curl works.
//
func TestDocExamples(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "http-channel.md"))
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```json ([a-z]+)\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(examples) != 4 {
		t.Errorf("%d examples", len(examples))
	}
	w := newWorld(t, nil)
	for _, e := range examples {
		if err := fits(t, published(t, e[1]), e[2]); err != nil {
			t.Errorf("%s\n%v", e[2], err)
		}
		if e[1] == "batch" {
			var b struct{ Events []any }
			if err := json.Unmarshal([]byte(e[2]), &b); err != nil {
				t.Fatal(err)
			}
			if facts := w.post(t, b.Events...); len(facts) != 5 {
				t.Errorf("the batch became %d facts", len(facts))
			}
		}
	}
	script := regexp.MustCompile("(?s)```sh\n(.*?)```").FindStringSubmatch(string(page))
	for _, tool := range []string{"sh", "curl", "openssl", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the example needs %s", tool)
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", script[1])
	cmd.Env = append(os.Environ(), "SHOP_SECRET="+secret, "HOOK="+w.hook, "no_proxy=*")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != `{"accepted":1}` {
		t.Fatalf("the example says %s, %v", out, err)
	}
	if facts := w.taken(); len(facts) != 1 || facts[0].ExternalID != "message:m-1" || facts[0].OrderKey != "customer:u-17" {
		t.Errorf("the example became %+v", facts)
	}
}
