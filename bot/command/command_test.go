package command

import (
	"slices"
	"strings"
	"testing"

	"parley/bot/verb"
	"parley/bridge"
)

func TestSlash(t *testing.T) {
	t.Parallel()
	type args = bridge.Args
	for text, want := range map[string]Parsed{
		"/parley":                             {Verb: bridge.VerbHelp},
		"/parley help":                        {Verb: bridge.VerbHelp},
		"/parley help snooze":                 {Verb: bridge.VerbHelp, Args: args{Note: "snooze"}},
		"/parley mine":                        {Verb: bridge.VerbList, Args: args{ListArgs: bridge.ListArgs{List: "mine"}}},
		"/parley list team":                   {Verb: bridge.VerbList, Args: args{ListArgs: bridge.ListArgs{List: "team"}}},
		"/parley Resolved":                    {Verb: bridge.VerbList, Args: args{ListArgs: bridge.ListArgs{List: "resolved"}}},
		"/parley stats":                       {Verb: bridge.VerbStats},
		"/parley #12":                         {Verb: bridge.VerbFind, Args: args{Conversation: 12}},
		"/parley 12":                          {Verb: bridge.VerbFind, Args: args{Conversation: 12}},
		"/parley show #12":                    {Verb: bridge.VerbFind, Args: args{Conversation: 12}},
		"/parley find broken lamp":            {Verb: bridge.VerbFind, Args: args{Note: "broken lamp"}},
		"/parley #12 assign <@UANN>":          {Verb: bridge.VerbAssign, Args: args{Conversation: 12, Agents: []string{"UANN"}}},
		"/parley assign #12 <@UANN>":          {Verb: bridge.VerbAssign, Args: args{Conversation: 12, Agents: []string{"UANN"}}},
		"/parley assign <@UANN> #12":          {Verb: bridge.VerbAssign, Args: args{Conversation: 12, Agents: []string{"UANN"}}},
		"/parley assign <@UANN> as #9 in #12": {Verb: bridge.VerbAssign, Args: args{Conversation: 12, Agents: []string{"UANN"}, Note: "as #9 in"}},
		"/parley assign <@UANN> as #9 is":     {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN"}, Note: "as #9 is"}},
		"/parley tag vip, late #12":           {Verb: bridge.VerbTag, Args: args{Conversation: 12, Tags: []string{"vip", "late"}}},
		"/parley tag #1042, vip":              {Verb: bridge.VerbTag, Args: args{Tags: []string{"1042", "vip"}}},
		"/parley tag vip, #1042, late":        {Verb: bridge.VerbTag, Args: args{Tags: []string{"vip", "1042", "late"}}},
		"/parley assign <@UANN>":              {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN"}}},
		"/parley assign #billing #12":         {Verb: bridge.VerbAssign, Args: args{Conversation: 12, Team: "billing"}},
		"/parley #12 note asked #13 as well":  {Verb: bridge.VerbNote, Args: args{Conversation: 12}, Text: "asked #13 as well"},
		"/parley note #12 asked":              {Verb: bridge.VerbNote, Args: args{Conversation: 12}, Text: "asked"},
		"/parley #12 topic Order #13":         {Verb: bridge.VerbTopic, Args: args{Conversation: 12, Note: "Order #13"}},
		"/parley !take #12":                   {Verb: bridge.VerbTake, Args: args{Conversation: 12}},
		"/parley take":                        {Verb: bridge.VerbTake},
		"/assign #12 <@UANN>":                 {Verb: bridge.VerbAssign, Args: args{Conversation: 12, Agents: []string{"UANN"}}},
		"/snooze #12 2h":                      {Verb: bridge.VerbSnooze, Args: args{Conversation: 12, Until: "2h"}},
		"/snooze tomorrow 14:30 #12":          {Verb: bridge.VerbSnooze, Args: args{Conversation: 12, Until: "tomorrow 14:30"}},
		"/snooze 2h":                          {Verb: bridge.VerbSnooze, Args: args{Until: "2h"}},
		"/resolve #12 refunded":               {Verb: bridge.VerbResolve, Args: args{Conversation: 12, Note: "refunded"}},
		"/resolve #12":                        {Verb: bridge.VerbResolve, Args: args{Conversation: 12}},
		"/resolve":                            {Verb: bridge.VerbResolve},
		"/parley @Parley take #12":            {Verb: bridge.VerbTake, Args: args{Conversation: 12}},
	} {
		name, rest, _ := strings.Cut(text, " ")
		want.Marker = bridge.MarkSlash
		wantParsed(t, text, Slash(name, rest, team), want)
	}
}

func TestSlashRefuses(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"xyz":          "no command “/xyz”",
		"#12 xyz":      "no command “/xyz”",
		"take #12 now": "Nothing may follow",
		"#12 …":        "no command “/…”",
		"#12 cc bob":   "no address",
		"#12 take now": "follow “take”",
	} {
		wantUnknown(t, text, Slash("parley", text, team), why)
	}
	t.Run("without arguments the command stays, so that a form can ask", func(t *testing.T) {
		got := Slash("/snooze", "", team)
		if got.Verb != bridge.VerbSnooze || got.Err == "" {
			t.Errorf("got %+v, want %s with what is missing", got, bridge.VerbSnooze)
		}
	})
}

func TestMention(t *testing.T) {
	t.Parallel()
	type args = bridge.Args
	for text, want := range map[string]Parsed{
		"":                                  {Verb: bridge.VerbHelp},
		" : ":                               {Verb: bridge.VerbHelp},
		"help":                              {Verb: bridge.VerbHelp},
		"snooze 2h":                         {Verb: bridge.VerbSnooze, Args: args{Until: "2h"}},
		"\u00a0Snooze 2h":                   {Verb: bridge.VerbSnooze, Args: args{Until: "2h"}},
		", assign <@UANN>":                  {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN"}}},
		"!take":                             {Verb: bridge.VerbTake},
		"assign <@UANN> #12":                {Verb: bridge.VerbAssign, Args: args{Conversation: 12, Agents: []string{"UANN"}}},
		"tag vip #1042":                     {Verb: bridge.VerbTag, Args: args{Tags: []string{"vip #1042"}}},
		"tag #12 vip, #1042":                {Verb: bridge.VerbTag, Args: args{Conversation: 12, Tags: []string{"vip", "1042"}}},
		"assign <@UANN> same as #99 please": {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN"}, Note: "same as #99 please"}},
		"assign <@UANN> same as #99":        {Verb: bridge.VerbAssign, Args: args{Agents: []string{"UANN"}, Note: "same as #99"}},
		"assign #12 <@UANN> same as #99":    {Verb: bridge.VerbAssign, Args: args{Conversation: 12, Agents: []string{"UANN"}, Note: "same as #99"}},
		"#12 take":                          {Verb: bridge.VerbTake, Args: args{Conversation: 12}},
		"reply: Hello":                      {Verb: bridge.VerbReply, Text: "Hello", Explicit: true},
		"Reply Hello":                       {Verb: bridge.VerbReply, Text: "Hello", Explicit: true},
		"reply:\nHello\n\n- Bye":            {Verb: bridge.VerbReply, Text: "Hello\n\n- Bye", Explicit: true},
		"reply: #12 shipped":                {Verb: bridge.VerbReply, Text: "#12 shipped", Explicit: true},
		"reply #12":                         {Verb: bridge.VerbReply, Text: "#12", Explicit: true},
		"#7 reply: #12 shipped":             {Verb: bridge.VerbReply, Text: "#12 shipped", Explicit: true, Args: args{Conversation: 7}},
		"note #12 is wrong":                 {Verb: bridge.VerbNote, Text: "#12 is wrong"},
		"#7 note he called":                 {Verb: bridge.VerbNote, Text: "he called", Args: args{Conversation: 7}},
		"note: asked":                       {Verb: bridge.VerbNote, Text: "asked", Marker: bridge.MarkNote},
		"note asked":                        {Verb: bridge.VerbNote, Text: "asked"},
		"// asked":                          {Verb: bridge.VerbNote, Text: "asked", Marker: bridge.MarkNote},
		"why did this go out":               {Verb: bridge.VerbWhy, Args: args{Note: "did this go out"}},
		"**resolve**":                       {Verb: bridge.VerbResolve},
		"mine":                              {Verb: bridge.VerbList, Args: args{ListArgs: bridge.ListArgs{List: "mine"}}},
	} {
		wantParsed(t, text, Mention(text, team), want)
	}
}

// Nothing is sent unless the mention is followed by the word "reply" and a text.
func TestMentionRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Hello", "please reply: Hello", "replying: Hello", "!xyz", "…", "thanks!"} {
		wantUnknown(t, text, Mention(text, team), "")
	}
	got := Mention("reply:", team)
	wantText(t, "reply:", got, bridge.VerbReply, bridge.MarkNone, "")
	if got.Explicit || got.Err == "" {
		t.Errorf("an empty reply: got %+v, want one that isn't sent, and what is missing", got)
	}
}

// Each command is explained, and begins with its own name.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, u := range verb.All() {
		if len(u.Typed.Words) == 0 || u.Typed.Words[0] != string(u.Name) {
			t.Errorf("%s: its words are %q, want its name first", u.Name, u.Typed.Words)
		}
		if u.Typed.Syntax == "" {
			t.Errorf("%s has no syntax", u.Name)
		}
		if !strings.HasSuffix(u.Help.Sentence, ".") {
			t.Errorf("%s is explained by %q, want a sentence", u.Name, u.Help.Sentence)
		}
		if len(u.Help.Examples) == 0 {
			t.Errorf("%s has no examples", u.Name)
		}
	}
}

// Each word is one command's, and is found with its sign and in capital letters.
func TestFind(t *testing.T) {
	t.Parallel()
	owner := map[string]bridge.Verb{}
	for _, u := range verb.All() {
		for _, w := range u.Typed.Words {
			if other, taken := owner[w]; taken {
				t.Errorf("%q is a word of %s and of %s", w, other, u.Name)
			}
			owner[w] = u.Name
			if w != strings.ToLower(w) {
				t.Errorf("the word %q of %s has capital letters", w, u.Name)
			}
			if got, ok := verb.Find("!" + strings.ToUpper(w)); !ok || got.Name != u.Name {
				t.Errorf("Find(%q) = %+v, want %s", w, got, u.Name)
			}
		}
	}
	for _, word := range []string{"", "xyz", "!"} {
		if got, ok := verb.Find(word); ok {
			t.Errorf("Find(%q) = %+v, want nothing", word, got)
		}
	}
}

// Each example is read as the command that it explains, also those in the words that say what is missing.
func TestExamples(t *testing.T) {
	t.Parallel()
	opt := Options{Mentions: map[string]string{"@ann": "UANN", "@bob": "UBOB"}}
	for _, u := range verb.All() {
		_, missing, _ := strings.Cut(u.Typed.Missing, ": ") // "Say to whom: !assign @ann, or !assign #billing"
		examples := strings.Split(strings.NewReplacer(", or !", "|!", ", !", "|!").Replace(missing), "|")
		for _, e := range slices.Concat(u.Help.Examples, examples) {
			if got, ok := readExample(e, opt); ok && (got.Verb != u.Name || got.Err != "") {
				t.Errorf("the example %q of %s is read as %+v", e, u.Name, got)
			}
		}
	}
}

// readExample reads an example as it would be read where people type it. ok is false if it is none that can be typed.
func readExample(e string, opt Options) (got Parsed, ok bool) {
	if rest, ok := strings.CutPrefix(e, "@Parley "); ok {
		return Mention(rest, opt), true
	}
	if rest, ok := strings.CutPrefix(e, "/parley "); ok {
		return Slash("parley", rest, opt), true
	}
	return Parse(e, opt), strings.HasPrefix(e, "!") || strings.HasPrefix(e, "note:") || strings.HasPrefix(e, "//")
}
