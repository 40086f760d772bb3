package lexicon

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

//go:embed *.txt
var files embed.FS

// Set is what all files of this folder say.
type Set struct {
	Ours           []*Lexicon // of our languages, English first
	Common         *Lexicon   // what is written in all of them
	OtherLanguages *Lexicon   // of all other languages
	Others         string     // other.txt: no lexicon, but a few words of other languages, so that these aren't taken for ours
}

// Read reads all files. It fails only if one of them is malformed or missing.
func Read() (*Set, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("lexicons: %w", err)
	}

	s := &Set{}
	for _, e := range entries {
		content, err := files.ReadFile(e.Name())
		if err != nil {
			return nil, fmt.Errorf("lexicons: %w", err)
		}

		language := strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
		if language == "other" {
			s.Others = string(content)
			continue
		}

		l, err := parse(language, string(content))
		if err != nil {
			return nil, err
		}

		switch language {
		case "common":
			s.Common = l
		case "foreign":
			s.OtherLanguages = l
		default:
			s.Ours = append(s.Ours, l)
		}
	}

	if s.Common == nil || s.OtherLanguages == nil {
		return nil, fmt.Errorf("lexicons: some are missing")
	}

	at := slices.IndexFunc(s.Ours, func(l *Lexicon) bool { return l.Language == "en" })
	if at < 0 {
		return nil, fmt.Errorf("lexicons: the English one is missing")
	}

	s.Ours[English], s.Ours[at] = s.Ours[at], s.Ours[English]
	return s, nil
}
