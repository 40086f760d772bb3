package bridge

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// People type what a list shows as words: "status:snoozed tag:billing since:7d". Addresses of the inbox page have the same words.

// listKeys returns the keys of the words, with the value of each.
func (v *ListView) listKeys() []listKey {
	return []listKey{
		{"status", &v.Status}, {"account", &v.Account}, {"channel", &v.Account}, {"tag", &v.Tag}, {"label", &v.Label},
		{"agent", &v.Agent}, {"team", &v.Team}, {"since", &v.Since}, {"until", &v.Until}, {"unread", &v.Unread}, {"sort", (*string)(&v.Sort)},
	}
}

type listKey struct {
	name  string
	value *string
}

var listWord = regexp.MustCompile(`^([\p{L}]+):(?:"([^"]*)"|“([^”]*)”|„([^“”]*)[“”]|(\S*))(?:[\s\p{Zs},;]+|$)`)

// ParseListView reads words such as "tag:billing since:7d". It returns a *Problem that names the keys if there is another one, or a
// word without one.
func ParseListView(text string) (v ListView, _ error) {
	keys := v.listKeys()
	for rest := strings.TrimSpace(text); rest != ""; {
		word := listWord.FindStringSubmatch(rest)
		if word == nil {
			word = []string{rest, rest}
		}
		at := slices.IndexFunc(keys, func(k listKey) bool { return strings.EqualFold(k.name, word[1]) })
		value := strings.TrimRight(strings.Join(word[min(2, len(word)):], ""), ",;")
		if at < 0 || value == "" {
			names := map[string]bool{}
			for _, k := range keys {
				names[k.name] = true
			}
			what, _, _ := strings.Cut(strings.TrimSpace(word[0]), " ")
			return v, &Problem{
				Code: "no_value",
				Text: "“" + what + "” says nothing about a list.",
				Hint: "Say for example tag:billing or since:7d, with one of: " + strings.Join(slices.Sorted(maps.Keys(names)), ", "),
			}
		}
		*keys[at].value = value
		rest = rest[len(word[0]):]
	}
	v.Sort = ListSort(strings.ToLower(string(v.Sort)))
	return v, nil
}

var plainWord = regexp.MustCompile(`^\S+\s*`)

// CutListView takes out of a search the words that ParseListView reads, and returns the others: "lamp" of "lamp since:7d".
func CutListView(text string) (words string, v ListView) {
	keyed := ""
	for rest := strings.TrimSpace(text); rest != ""; {
		word := listWord.FindString(rest)
		if _, err := ParseListView(word); word != "" && err == nil {
			keyed += word + " "
		} else {
			word = plainWord.FindString(rest)
			words += word
		}
		rest = rest[len(word):]
	}
	v, _ = ParseListView(keyed) //nolint:errcheck // it consists of words that it reads
	return strings.TrimSpace(words), v
}

// Words returns the words that ParseListView reads as v.
func (v ListView) Words() string {
	var words []string
	for _, k := range v.listKeys() {
		if *k.value == "" || k.name == "channel" {
			continue
		}
		value := *k.value
		if strings.ContainsAny(value, " \t\u00a0,;\"“„") {
			value = `"` + strings.ReplaceAll(value, `"`, "") + `"`
		}
		words = append(words, k.name+":"+value)
	}
	return strings.Join(words, " ")
}

// ListKeys returns the keys that Words writes.
func ListKeys() (keys []string) {
	var v ListView
	for _, k := range v.listKeys() {
		if k.name != "channel" {
			keys = append(keys, k.name)
		}
	}
	return keys
}

// Value returns the value of a key.
func (v ListView) Value(key string) (value string) {
	for _, k := range v.listKeys() {
		if k.name == key {
			value = *k.value
		}
	}
	return value
}

// Map returns v with each value replaced.
func (v ListView) Map(replace func(string) string) ListView {
	for _, k := range v.listKeys() {
		*k.value = replace(*k.value)
	}
	return v
}

// ListViewOf returns the ListView whose values are those of the keys that Words writes.
func ListViewOf(value func(key string) string) (v ListView) {
	for _, k := range v.listKeys() {
		if k.name != "channel" {
			*k.value = value(k.name)
		}
	}
	return v
}
