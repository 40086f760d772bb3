package demo

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
)

// knowledgePages are the pages of knowledge of the demo's company. Replies are suggested from them.
//
//go:embed knowledge/*.md
var knowledgePages embed.FS

// writeKnowledge writes these pages into a folder below dir, in place of those that an earlier version wrote, and returns
// its path.
func writeKnowledge(dir string) (string, error) {
	folder := filepath.Join(dir, "knowledge")
	if err := os.RemoveAll(folder); err != nil {
		return "", fmt.Errorf("demo: knowledge: %w", err)
	}
	if err := os.CopyFS(dir, knowledgePages); err != nil { // the pages are below knowledge/ there, too
		return "", fmt.Errorf("demo: knowledge: %w", err)
	}
	return folder, nil
}
