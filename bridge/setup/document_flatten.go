package setup

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Flatten adds the values of the mapping to a map by their paths: "imap.host", "days.0.date". prefix is prepended to each.
// Secrets and notes are left out.
func (m *Mapping) Flatten(prefix string, into map[string][]string) {
	for i, key := range m.keys {
		path := prefix + unquote(key)
		switch v := m.values[i].(type) {
		case Plain:
			if v != "[]" {
				into[path] = []string{string(v)}
			}
		case string:
			into[path] = []string{unescape(v)}
		case []string:
			for _, word := range v {
				into[path] = append(into[path], unescape(word))
			}
		case *Mapping:
			v.Flatten(path+".", into)
		case []*Mapping:
			for n, entry := range v {
				entry.Flatten(fmt.Sprintf("%s.%d.", path, n), into)
			}
		}
	}
}

// unquote returns the key that Quoted was given.
func unquote(key string) string {
	var plain string
	if strings.HasPrefix(key, `"`) && json.Unmarshal([]byte(key), &plain) == nil {
		return plain
	}
	return key
}

// unescape undoes Escape.
func unescape(s string) string { return strings.ReplaceAll(s, "$${", "${") }
