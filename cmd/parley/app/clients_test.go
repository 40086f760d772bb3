package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// No code calls by http.DefaultTransport, and tests least of all. A test that closes an httptest.Server closes the idle
// connections of that transport, which breaks a call of another test whose answer is just being handed out. Tests call by
// emulator.NewClient or by their server's Client, Parley by a transport of its own.
func TestNobodyCallsByTheDefaultTransport(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	noticeChanges(t, root)
	read := 0
	check(t, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}

		read++
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, at := range callsByDefault(file) {
			t.Errorf("%s: calls by http.DefaultTransport; use emulator.NewClient in a test, else a transport of one's own", files.Position(at))
		}
		return nil
	}))
	if read < 300 {
		t.Errorf("only %d files were read", read)
	}
}

// callsByDefault returns where a file calls by the default transport, or makes a client that does. It may copy the
// transport.
func callsByDefault(file *ast.File) (places []token.Pos) {
	usesHTTP := slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"net/http"` })
	if !usesHTTP {
		return nil
	}
	copied := map[ast.Expr]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeAssertExpr:
			copied[n.X] = true
		case *ast.CompositeLit:
			if isOfHTTP(n.Type, "Client") && !setsField(n, "Transport") {
				places = append(places, n.Pos())
			}
		case *ast.SelectorExpr:
			if isOfHTTP(n, "DefaultClient", "DefaultTransport", "Get", "Head", "Post", "PostForm") && !copied[n] {
				places = append(places, n.Pos())
			}
		}
		return true
	})
	return places
}

// isOfHTTP reports whether an expression is one of these names of net/http.
func isOfHTTP(e ast.Expr, names ...string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || !slices.Contains(names, s.Sel.Name) {
		return false
	}
	in, ok := s.X.(*ast.Ident)
	return ok && in.Name == "http"
}

// setsField reports whether a literal names a field.
func setsField(literal *ast.CompositeLit, field string) bool {
	return slices.ContainsFunc(literal.Elts, func(e ast.Expr) bool {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		key, ok := pair.Key.(*ast.Ident)
		return ok && key.Name == field
	})
}
