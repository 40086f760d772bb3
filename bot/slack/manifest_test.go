package slack

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
	"parley/channels/golden"
)

func manifests(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for name, o := range map[string]ManifestOptions{
		"socket": {}, "http": {Name: "Acme help", PublicURL: "https://parley.acme.test/", HTTP: true, ShortCommands: true},
	} {
		raw, err := Manifest(o)
		must(t, err)
		out[name] = raw
	}
	return out
}

func TestManifest(t *testing.T) {
	t.Parallel()
	for name, raw := range manifests(t) {
		var v any
		must(t, json.Unmarshal(raw, &v))
		golden.JSON(t, "testdata/manifest_"+name+".json", v)
	}
	for _, o := range []ManifestOptions{{Name: strings.Repeat("x", 36)}, {PublicURL: "http://parley.acme.test"}, {HTTP: true}} {
		if _, err := Manifest(o); err == nil {
			t.Errorf("%+v passed", o)
		}
	}
}

// An app of Socket Mode keeps it when agents shall sign in to the site by Slack: the address of the site is only where Slack sends
// them back.
func TestManifestWithSignIn(t *testing.T) {
	t.Parallel()
	raw, err := Manifest(ManifestOptions{PublicURL: "https://parley.acme.test"})
	must(t, err)
	var m manifest
	must(t, json.Unmarshal(raw, &m))
	if !m.Settings.Socket || m.Settings.Events.URL+m.Settings.Interactivity.URL+m.Features.Commands[0].URL != "" {
		t.Errorf("Socket Mode is switched off: %+v", m.Settings)
	}
	if !slices.Equal(m.OAuth.Redirects, []string{"https://parley.acme.test/auth/with/slack/back"}) {
		t.Errorf("agents are sent back to %v", m.OAuth.Redirects)
	}
}

func TestManifestFitsSlacksSchema(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("PARLEY_TESTDATA")
	if folder == "" {
		t.Skip("PARLEY_TESTDATA is unset: Slack's schema is not there")
	}
	raw, err := os.ReadFile(filepath.Join(folder, "slack", "manifest.schema.2.0.0.json"))
	must(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	must(t, err)
	c := jsonschema.NewCompiler()
	c.UseRegexpEngine(lookahead)
	must(t, c.AddResource("manifest.json", doc))
	schema, err := c.Compile("manifest.json")
	must(t, err)
	for name, raw := range manifests(t) {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		must(t, err)
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"display_information":{"name":"` + strings.Repeat("x", 50) + `"}}`))
	must(t, err)
	if schema.Validate(v) == nil {
		t.Error("the schema takes everything")
	}
}

// Every shortcut of the manifest is known, and every event's and call's scope is asked for;
// none is superfluous.
func TestManifestScopes(t *testing.T) {
	t.Parallel()
	for _, s := range manifestShortcuts() {
		if _, ok := shortcutVerb(s.Callback); ok != (s.Type == "message") || !ok && s.Callback != startShortcut || len(s.Name) > 24 {
			t.Errorf("shortcut %+v", s)
		}
	}
	st := newStage(t, true, func(_ *Options, f *slackfake.Options) { f.Scopes, f.Events = botScopes(), botEvents() })
	private := st.fake.Admin.AddChannel(slackfake.Channel{Name: "vip", Private: true, Members: []string{st.ann, st.fake.BotUserID()}})
	st.fake.Admin.AddChannel(slackfake.Channel{Name: "open", Members: []string{st.ann}})
	st.desk.Open(private.ID)
	root := st.root()
	for _, name := range []string{"#open", "#vip", private.ID} {
		if id, err := st.s.Resolve(st.ctx(), name); err != nil || id == "" {
			t.Fatalf("%s: %q %v", name, id, err)
		}
	}
	if _, err := st.s.Lookup(st.ctx(), "ann@acme.test"); err != nil {
		t.Fatal(err)
	}
	ts := st.say(root.Message, "<@"+st.fake.BotUserID()+"> take")
	st.desk.First(t, fact.MessageID(st.ch, ts))
	must(t, st.fake.As(st.ann).React(st.ch, ts, "eyes"))
	st.desk.First(t, "r:")
	st.send(bridge.Post{Kind: bridge.PostMark, Mark: bridge.MarkSent, Place: bridge.Place{Channel: st.ch, Message: ts}})
	st.send(st.post(bridge.PostSaid, root, "t1"))
	files := st.post(bridge.PostFiles, root, "t2")
	files.Files = []channels.File{upload("a.txt", "x")}
	st.sendAll(files)
	shared, err := st.fake.As(st.ann).Post(slackfake.Post{Channel: st.ch, Thread: root.Message, Files: []slackfake.NewFile{{Name: "b.txt", Data: []byte("b"), FileAccess: "check_file_info"}}})
	must(t, err)
	content, err := st.s.Open(st.ctx(), bridge.SurfaceFile{ID: st.fake.Message(st.ch, shared).Files[0].ID})
	must(t, err)
	must(t, content.Close())
	whisper := st.post(bridge.PostEphemeral, root, "t3")
	whisper.To, whisper.Place = st.ann, bridge.Place{Channel: "C0NOTHERE"}
	st.send(whisper)
	must(t, st.s.history.catchUp(st.ctx(), testSelfOf(st)))
	if out, err := st.fake.As(st.ann).Command(st.ctx(), st.ch, "/parley", "mine"); err != nil || out.Error != "" {
		t.Fatalf("%+v %v", out, err)
	}
	used := st.fake.Admin.ScopesUsed()
	for _, scope := range used {
		if !slices.Contains(botScopes(), scope) {
			t.Errorf("%s is used but not asked for", scope)
		}
	}
	for _, scope := range botScopes() {
		if !slices.Contains(used, scope) {
			t.Errorf("%s is asked for but not used", scope)
		}
	}
	for _, c := range st.fake.Calls("") {
		if c.Error == "missing_scope" {
			t.Errorf("%s lacks a scope", c.Method)
		}
	}
}

func testSelfOf(st *stage) *fact.Self {
	st.t.Helper()
	me, err := st.s.identify(st.ctx())
	must(st.t, err)
	return me
}

// unlike is a pattern of JavaScript with a negative lookahead in front, which Go's lacks.
type unlike struct{ not, yes *regexp.Regexp }

func (u unlike) MatchString(s string) bool { return !u.not.MatchString(s) && u.yes.MatchString(s) }
func (u unlike) String() string            { return u.yes.String() }

// lookahead compiles the patterns of Slack's schema: some start with ^(?!…).
func lookahead(pattern string) (jsonschema.Regexp, error) {
	m := regexp.MustCompile(`^\^\(\?!(\[[^\]]*\])\)(.*)$`).FindStringSubmatch(pattern)
	if m == nil {
		return regexp.Compile(pattern)
	}
	not, err := regexp.Compile("^" + m[1])
	if err != nil {
		return nil, err
	}
	yes, err := regexp.Compile("^" + m[2])
	return unlike{not, yes}, err
}
