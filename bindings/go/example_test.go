package difypool

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestTheFirstExampleRuns(t *testing.T) {
	s := startSandbox(t)
	path := startService(t)
	program := filepath.Join(t.TempDir(), "first")
	if said, err := exec.Command("go", "build", "-o", program, "./examples/first").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	run := func(key string) (string, error) {
		command := exec.Command(program)
		command.Env = append(os.Environ(), "DIFY_URL="+s.HTTP, "DIFY_KEY="+key, "DIFYPOOL_SOCKET="+path)
		said, err := command.CombinedOutput()
		return string(said), err
	}
	if said, err := run(s.Key); err != nil || !strings.HasPrefix(said, "hello ") {
		t.Errorf("it said %q (%v)", said, err)
	}
	if said, err := run("wrong"); err == nil || !strings.Contains(said, "no key of this server") {
		t.Errorf("with a wrong key it said %q (%v)", said, err)
	}
	if made := s.effects(t, "documents.create_by_text"); made != 1 {
		t.Errorf("%d documents were made", made)
	}
}

// Every operation that the service has must be there, with every parameter.
func TestEveryOperationHasItsMethod(t *testing.T) {
	if realDaemon == "" {
		t.Skip("DIFYPOOL_DAEMON names no service to test with")
	}
	client := newClient(t, Options{Socket: startService(t)})
	reply, err := client.Call(testContext(t), "service.operations", nil)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := reply.Value.([]any)
	count := 0
	for _, entry := range list {
		about, _ := entry.(map[string]any)
		group, verb, _ := strings.Cut(text(about["name"]), ".")
		if text(about["method"]) == "" || group == "http" {
			continue
		}
		count++
		checkMethod(t, group, verb, about["params"])
	}
	if count != 82 {
		t.Errorf("the service has %d operations of Dify", count)
	}
}

func checkMethod(t *testing.T, group, verb string, params any) {
	t.Helper()
	field, ok := reflect.TypeOf(Groups{}).FieldByNameFunc(sameName(group))
	if !ok {
		t.Errorf("there is no group %s", group)
		return
	}
	for i := 0; i < field.Type.NumMethod(); i++ {
		if method := field.Type.Method(i); sameName(verb)(method.Name) {
			checkParams(t, group+"."+verb, method.Type, params)
			return
		}
	}
	t.Errorf("there is no method %s.%s", group, verb)
}

func checkParams(t *testing.T, op string, method reflect.Type, params any) {
	t.Helper()
	list, _ := params.([]any)
	if len(list) == 0 {
		return
	}
	given := method.In(2)
	for _, entry := range list {
		about, _ := entry.(map[string]any)
		name := text(about["name"])
		field, ok := given.FieldByNameFunc(sameName(name))
		if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); !ok || (tag != name && tag != "-") {
			t.Errorf("%s has no parameter %s", op, name)
		}
	}
}

// sameName compares a name of the table with one of Go's.
func sameName(name string) func(string) bool {
	plain := strings.ReplaceAll(name, "_", "")
	return func(exported string) bool { return strings.EqualFold(plain, exported) }
}
