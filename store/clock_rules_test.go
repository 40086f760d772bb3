package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// eachStatement calls look with the place and the text of each string in the program's files that match the pattern
// mention.
func eachStatement(t *testing.T, mention string, look func(place, sql string)) {
	t.Helper()
	statements := 0
	check(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil || !regexp.MustCompile(mention).Match(source) {
			return err
		}

		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, source, 0)
		if err != nil {
			return err
		}

		ast.Inspect(file, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
				sql, _ := strconv.Unquote(text.Value)
				statements++
				look(files.Position(text.Pos()).String(), sql)
			}
			return true
		})
		return nil
	}))
	if least := 50; statements < least {
		t.Errorf("%d texts were read, want at least %d", statements, least)
	}
}
