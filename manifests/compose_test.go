package manifests_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// service is the part of a Compose service that the tests look at.
type service struct {
	Restart     string            `yaml:"restart"`
	Environment map[string]string `yaml:"environment"`
	Secrets     []string          `yaml:"secrets"`
	Ports       []string          `yaml:"ports"`
	Volumes     []string          `yaml:"volumes"`
	CapDrop     []string          `yaml:"cap_drop"`
	SecurityOpt []string          `yaml:"security_opt"`
	ReadOnly    bool              `yaml:"read_only"`
	Grace       string            `yaml:"stop_grace_period"`
	Build       struct {
		Dockerfile string `yaml:"dockerfile"`
	} `yaml:"build"`
}

// composeFiles are those that .env may name. Later ones add to the first.
var composeFiles = []string{"compose.yaml", "slack.yaml", "teams.yaml", "public.yaml"}

// TestCompose checks that the containers are as the documentation says, with all files together.
func TestCompose(t *testing.T) {
	t.Parallel()
	services := map[string]service{}
	files := map[string]string{} // by the name of the secret
	volumes := map[string]any{}
	for _, name := range composeFiles {
		var file struct {
			Services map[string]service `yaml:"services"`
			Secrets  map[string]struct {
				File string `yaml:"file"`
			} `yaml:"secrets"`
			Volumes map[string]any `yaml:"volumes"`
		}
		if err := yaml.Unmarshal([]byte(read(t, "compose/"+name)), &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}

		for name, added := range file.Services {
			whole, ok := services[name]
			if !ok {
				whole = added
			} else {
				whole.Environment = maps.Clone(whole.Environment)
				maps.Copy(whole.Environment, added.Environment)
				whole.Secrets = append(whole.Secrets, added.Secrets...)
			}
			services[name] = whole
		}
		for name, secret := range file.Secrets {
			files[name] = secret.File
		}
		maps.Copy(volumes, file.Volumes)
	}

	for name, s := range services {
		if s.Restart == "" && name != "tools" {
			t.Errorf("%s does not come back after a restart of the machine", name)
		}
		for _, port := range s.Ports {
			if name != "proxy" && !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s is open to the network at port %s", name, port)
			}
		}
		for _, secret := range s.Secrets {
			if files[secret] != "./secrets/"+secret {
				t.Errorf("%s: the secret %s is the file %q", name, secret, files[secret])
			}
		}
		for source := range foldersOf(s) {
			if _, ok := volumes[source]; !ok {
				t.Errorf("%s: no volume %s", name, source)
			}
		}
	}

	checkParleyService(t, "parley", services["parley"])
	checkParleyService(t, "tools", services["tools"])
	parley := services["parley"]
	if grace, err := time.ParseDuration(parley.Grace); err != nil || grace < 40*time.Second {
		t.Errorf("parley has %s to end, docs/operations.md says 40 seconds", parley.Grace)
	}
	if !parley.ReadOnly || parley.Build.Dockerfile != "manifests/Dockerfile" {
		t.Errorf("parley: read only %v, built from %s", parley.ReadOnly, parley.Build.Dockerfile)
	}
}

// foldersOf returns the folders in which a service sees each volume.
func foldersOf(s service) map[string][]string {
	folders := map[string][]string{}
	for _, volume := range s.Volumes {
		source, folder, _ := strings.Cut(volume, ":")
		folders[source] = append(folders[source], folder)
	}
	return folders
}

// checkParleyService checks a container that runs our image. What must outlive it, or may be larger than memory, is in
// volumes: above all the list of erasures and the backups, which are in one folder of both containers.
func checkParleyService(t *testing.T, name string, s service) {
	t.Helper()
	for variable, value := range s.Environment {
		secret, ok := strings.CutPrefix(value, "/run/secrets/")
		if strings.HasSuffix(variable, "_FILE") && (!ok || !slices.Contains(s.Secrets, secret)) {
			t.Errorf("%s: %s names a file that the container is not given", name, variable)
		}
	}
	checkVariables(t, "compose: "+name, slices.Collect(maps.Keys(s.Environment)))
	checkNoSecrets(t, "compose: "+name, s.Environment)

	if !slices.Contains(s.CapDrop, "ALL") || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
		t.Errorf("%s keeps rights that it does not need", name)
	}

	folders := foldersOf(s)
	if !slices.Contains(folders["data"], "/data") || !slices.Contains(folders["backups"], "/data/backups") {
		t.Errorf("%s: the list of erasures isn't beside the backups: %v", name, folders)
	}
	if name == "tools" && !slices.Contains(folders["backups"], "/backups") {
		t.Error("tools: a line of cron that writes into /backups writes elsewhere")
	}
	if !slices.Contains(folders["data"], s.Environment["TMPDIR"]) {
		t.Errorf("%s: temporary files, which may be a whole database, lie in memory", name)
	}
}

// TestComposeConfig checks that Docker Compose, if it is installed, takes the files, and that it asks for the variables
// that Teams needs.
func TestComposeConfig(t *testing.T) {
	t.Parallel()
	docker, err := exec.LookPath("docker")
	if err != nil || exec.CommandContext(t.Context(), docker, "compose", "version").Run() != nil {
		t.Skip("docker compose is not installed")
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("compose")); err != nil {
		t.Fatal(err)
	}
	config := func(env ...string) (string, error) {
		args := []string{"compose", "--profile", "tools"}
		for _, name := range composeFiles {
			args = append(args, "-f", filepath.Join(folder, name))
		}
		command := exec.CommandContext(t.Context(), docker, append(args, "config", "--quiet")...)
		command.Env = append(os.Environ(), env...)
		out, err := command.CombinedOutput()
		return string(out), err
	}
	if out, err := config("PARLEY_HOST=help.acme.example", "TEAMS_APP_ID=app", "TEAMS_TENANT_ID=tenant"); err != nil {
		t.Errorf("docker compose config: %v\n%s", err, out)
	}
	if out, err := config("PARLEY_HOST="); err == nil || !strings.Contains(out, "set it in .env") {
		t.Errorf("without the variables that the files need: %v\n%s", err, out)
	}
}

// TestComposeEnvironment checks that env.example names only files that exist, and offers every variable that the files
// require.
func TestComposeEnvironment(t *testing.T) {
	t.Parallel()
	example := read(t, "compose/env.example")
	_, named, _ := strings.Cut(example, "\nCOMPOSE_FILE=")
	named, _, _ = strings.Cut(named, "\n")
	for name := range strings.SplitSeq(named, ":") {
		read(t, "compose/"+name)
	}

	for _, file := range composeFiles {
		for _, asked := range regexp.MustCompile(`\$\{([A-Z_]+):\?`).FindAllStringSubmatch(read(t, "compose/"+file), -1) {
			if !regexp.MustCompile(`(?m)^#?` + asked[1] + `=`).MatchString(example) {
				t.Errorf("%s needs %s, of which env.example says nothing", file, asked[1])
			}
		}
	}
}
