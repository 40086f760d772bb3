package demo

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// What the demo's company knows: a page a file, from which replies are suggested.
//
//go:embed knowledge/*.md
var knowledgePages embed.FS

// layKnowledge writes the company's pages into a folder of the demo's, whose path it returns.
func layKnowledge(dir string) (string, error) {
	folder := filepath.Join(filepath.Clean(dir), "knowledge")
	if err := errors.Join(os.RemoveAll(folder), os.CopyFS(filepath.Dir(folder), knowledgePages)); err != nil {
		return "", fmt.Errorf("demo: knowledge: %w", err)
	}
	return folder, nil
}
