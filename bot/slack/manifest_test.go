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

// Golden files hold both manifests.
func TestManifest(t *testing.T) {
	t.Parallel()
	for name, raw := range manifests(t) {
		var v any
		must(t, json.Unmarshal(raw, &v))
		golden.JSON(t, "testdata/manifest_"+name+".json", v)
	}
}

func TestManifestRefuses(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]ManifestOptions{
		"a name that is too long":       {Name: strings.Repeat("x", 36)},
		"an address without encryption": {PublicURL: "http://parley.acme.test"},
		"HTTP without an address":       {HTTP: true},
	} {
		if _, err := Manifest(o); err == nil {
			t.Errorf("%s: got a manifest, want an error", name)
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
	wantEqual(t, "Socket Mode is on", m.Settings.Socket, true)
	wantEqual(t, "where events go", m.Settings.Events.URL, "")
	wantEqual(t, "where clicks go", m.Settings.Interactivity.URL, "")
	wantEqual(t, "where commands go", m.Features.Commands[0].URL, "")
	if want := []string{"https://parley.acme.test/auth/with/slack/back"}; !slices.Equal(m.OAuth.Redirects, want) {
		t.Errorf("agents are sent back to %v, want %v", m.OAuth.Redirects, want)
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
		t.Error("the schema takes a name of 50 characters, want an error: it may take everything")
	}
}

// Each shortcut in a message's menu is a command. Another one begins a conversation. Slack shows 24 characters of their names.
func TestManifestShortcuts(t *testing.T) {
	t.Parallel()
	const maxNameBytes = 24
	for _, s := range manifestShortcuts() {
		_, isVerb := shortcutVerb(s.Callback)
		wantEqual(t, s.Callback+" is a command", isVerb, s.Type == "message")
		if !isVerb {
			wantEqual(t, "the shortcut that is no command", s.Callback, startShortcut)
		}
		if len(s.Name) > maxNameBytes {
			t.Errorf("the name of %s is %q, want at most %d characters", s.Callback, s.Name, maxNameBytes)
		}
	}
}

// The manifest asks for the scopes that are used, and for no other.
func TestManifestScopes(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t, func(_ *Options, f *slackfake.Options) { f.Scopes, f.Events = botScopes(), botEvents() })
	useAllScopes(t, st)
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

// useAllScopes does everything for which a scope is needed.
func useAllScopes(t *testing.T, st *stage) {
	t.Helper()

	// Find channels and people.
	private := st.fake.Admin.AddChannel(slackfake.Channel{Name: "vip", Private: true, Members: []string{st.ann, st.fake.BotUserID()}})
	st.fake.Admin.AddChannel(slackfake.Channel{Name: "open", Members: []string{st.ann}})
	st.desk.Open(private.ID)
	for _, name := range []string{"#open", "#vip", private.ID} {
		if id, err := st.surface.Resolve(st.ctx(), name); err != nil || id == "" {
			t.Fatalf("%s is resolved to %q, %v, want a channel", name, id, err)
		}
	}
	_, err := st.surface.Lookup(st.ctx(), "ann@acme.test")
	must(t, err)

	// Read messages and reactions, and mark.
	root := st.postRoot()
	ts := st.postAsAnn(root.Message, "<@"+st.fake.BotUserID()+"> take")
	st.desk.First(t, fact.MessageID(st.channel, ts))
	must(t, st.fake.As(st.ann).React(st.channel, ts, "eyes"))
	st.desk.First(t, "r:")
	st.mustSend(bridge.Post{Kind: bridge.PostMark, Mark: bridge.MarkSent, Place: bridge.Place{Channel: st.channel, Message: ts}})

	// Post under a customer's name, and show and read files.
	st.mustSend(st.newPost(bridge.PostSaid, root, "t1"))
	files := st.newPost(bridge.PostFiles, root, "t2")
	files.Files = []channels.File{textFile("a.txt", "x")}
	st.mustSendAll(files)
	shared, err := st.fake.As(st.ann).Post(slackfake.Post{Channel: st.channel, Thread: root.Message,
		Files: []slackfake.NewFile{{Name: "b.txt", Data: []byte("b"), FileAccess: "check_file_info"}}})
	must(t, err)
	content, err := st.surface.Open(st.ctx(), bridge.SurfaceFile{ID: st.fake.Message(st.channel, shared).Files[0].ID})
	must(t, err)
	must(t, content.Close())

	// Write directly to somebody, read what was missed, and take commands.
	whisper := st.newPost(bridge.PostEphemeral, root, "t3")
	whisper.To, whisper.Place = st.ann, bridge.Place{Channel: "C0NOTHERE"}
	st.mustSend(whisper)
	must(t, st.surface.history.catchUp(st.ctx(), st.self()))
	st.typeCommand("mine")
}

// self asks Slack who we are.
func (st *stage) self() *fact.Self {
	st.t.Helper()
	me, err := st.surface.identify(st.ctx())
	must(st.t, err)
	return me
}

// unlike is a pattern of JavaScript with a negative lookahead in front, which Go's expressions lack.
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
	return unlike{not: not, yes: yes}, err
}
