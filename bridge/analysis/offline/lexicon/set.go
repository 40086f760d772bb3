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

// Set is the content of all files in this folder.
type Set struct {
	Ours           []*Lexicon // one for each of the eight languages that are fully supported; English first
	Common         *Lexicon   // common.txt: phrases that are used in all languages, such as "asap"
	OtherLanguages *Lexicon   // foreign.txt: phrases of all other languages
	Others         string     // other.txt: a few words of other languages, by which these are detected
}

// Read parses the embedded files. It fails only if one of them is malformed or missing, which a test rules out.
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

	english := slices.IndexFunc(s.Ours, func(l *Lexicon) bool { return l.Language == "en" })
	if english < 0 {
		return nil, fmt.Errorf("lexicons: the English one is missing")
	}

	s.Ours[English], s.Ours[english] = s.Ours[english], s.Ours[English]
	return s, nil
}
