package command

import (
	"reflect"
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
		if got := Slash(name, rest, team); !reflect.DeepEqual(got, want) {
			t.Errorf("%q\n got %+v\nwant %+v", text, got, want)
		}
	}
	for text, says := range map[string]string{"xyz": "no command “/xyz”", "#12 xyz": "no command “/xyz”", "take #12 now": "Nothing may follow", "#12 …": "no command “/…”", "#12 cc bob": "no address", "#12 take now": "follow “take”"} {
		if got := Slash("parley", text, team); got.Verb != bridge.VerbUnknown || !strings.Contains(got.Err, says) {
			t.Errorf("%q = %+v", text, got)
		}
	}
	if got := Slash("/snooze", "", team); got.Verb != bridge.VerbSnooze || got.Err == "" {
		t.Errorf("/snooze = %+v", got)
	}
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
		if got := Mention(text, team); !reflect.DeepEqual(got, want) {
			t.Errorf("%q\n got %+v\nwant %+v", text, got, want)
		}
	}
	for _, text := range []string{"Hello", "please reply: Hello", "replying: Hello", "!xyz", "…", "thanks!"} {
		if got := Mention(text, team); got.Verb != bridge.VerbUnknown || got.Explicit || got.Err == "" {
			t.Errorf("%q = %+v", text, got)
		}
	}
	if got := Mention("reply:", team); got.Verb != bridge.VerbReply || got.Explicit || got.Err == "" {
		t.Errorf("an empty reply = %+v", got)
	}
}

// Each verb is explained, each word is one verb's, and each example is read as it says.
func TestHelp(t *testing.T) {
	t.Parallel()
	owner := map[string]bridge.Verb{}
	opt := Options{Mentions: map[string]string{"@ann": "UANN", "@bob": "UBOB"}}
	for _, u := range verb.All() {
		if len(u.Typed.Words) == 0 || u.Typed.Syntax == "" || !strings.HasSuffix(u.Help.Sentence, ".") || len(u.Help.Examples) == 0 {
			t.Errorf("%s is not explained: %+v", u.Name, u)
		}
		for _, w := range u.Typed.Words {
			if other, taken := owner[w]; taken || w != strings.ToLower(w) {
				t.Errorf("%q is a word of %s and %s", w, other, u.Name)
			}
			owner[w] = u.Name
			if got, ok := verb.Find("!" + strings.ToUpper(w)); !ok || got.Name != u.Name {
				t.Errorf("Find(%q) = %+v", w, got)
			}
		}
		if u.Typed.Words[0] != string(u.Name) {
			t.Errorf("%s is first called %s", u.Name, u.Typed.Words[0])
		}
		for _, e := range append(u.Help.Examples, u.Typed.Missing) {
			_, e, _ = strings.Cut(": "+e, ": ")
			for part := range strings.SplitSeq(e, ", !") {
				if got, ok := readExample(strings.TrimPrefix(part, "or "), opt); ok && (got.Verb != u.Name || got.Err != "") {
					t.Errorf("%s: %q = %+v", u.Name, part, got)
				}
			}
		}
	}
	for _, gone := range []string{"", "xyz", "!"} {
		if _, ok := verb.Find(gone); ok {
			t.Errorf("Find(%q) explains something", gone)
		}
	}
}

func readExample(e string, opt Options) (Parsed, bool) {
	if rest, ok := strings.CutPrefix(e, "@Parley "); ok {
		return Mention(rest, opt), true
	}
	if rest, ok := strings.CutPrefix(e, "/parley "); ok {
		return Slash("parley", rest, opt), true
	}
	return Parse(e, opt), strings.HasPrefix(e, "!") || strings.HasPrefix(e, "note:") || strings.HasPrefix(e, "//")
}
