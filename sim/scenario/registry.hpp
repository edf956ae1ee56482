#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

#include "sim/kernel/assert.hpp"
#include "sim/scenario/errors.hpp"
#include "sim/scenario/params.hpp"
#include "sim/scenario/table.hpp"

// A registry holds the components of one kind (policies, arrivals, …). A component is one file that registers
// itself in a static initialiser:
//
//   const auto registered = PolicyRegistry::add<ThresholdParams>(
//       {.name = "threshold", .help = "One line.", .source = "paper"}, table(),
//       [](const ThresholdParams& p, PolicyContext& c) { return std::make_unique<Threshold>(p, c); });
//
//   registry --add--> entry {name, help, source, table, factory}
//   Node     --ParamTable::component--> Chosen {entry, params} --build(context)--> std::unique_ptr<Interface>
//
// The interface names its kind for errors, lists and the schema:
//   static constexpr RegistryKind registry_kind{"policy", "policies"};

namespace weir {

struct RegistryKind {
  std::string_view one;
  std::string_view many;
};

struct ComponentInfo {
  std::string name = {};    // kebab-case
  std::string help = {};    // one line
  std::string source = {};  // paper, or the system whose documentation says so
  // What a scenario may ask for and this component does not have; the names are those of the scenario.
  std::vector<std::string> lacks = {};
  // Of an engine: whether its slots may hold an instance of each operator (slots.hpp), as its parameters say.
  bool may_share_slots = false;
  // Of an engine: it splits rates among instances by shares (shared_nodes.hpp). Of a policy: it needs one.
  bool splits_rates = false;
  // Of an engine: it hosts instances in containers (containers.hpp). Of a policy: it needs one.
  bool hosts_containers = false;
  // Of an engine: it starts and stops workers while its job runs (worker_pool.hpp). Of a policy: it needs
  // one.
  bool scales_workers = false;
  // Of an engine: its workers may fail, and it recovers.
  bool workers_fail = false;
  bool has(std::string_view feature) const {
    return std::find(lacks.begin(), lacks.end(), feature) == lacks.end();
  }
};

// One registered component, without the types.
struct Component {
  ComponentInfo info;
  TablePtr table;
  std::type_index params_type;
  virtual ~Component() = default;
  Component(ComponentInfo i, TablePtr t, std::type_index p)
      : info(std::move(i)), table(std::move(t)), params_type(p) {}
};

class RegistryCore {
 public:
  explicit RegistryCore(RegistryKind kind) : kind_(kind) {}
  RegistryKind kind() const { return kind_; }
  void add(std::unique_ptr<const Component> component);
  const Component* find(std::string_view name) const;  // nullptr when unknown
  std::vector<std::string> names() const;              // sorted
  std::vector<const Component*> list() const;          // sorted by name

 private:
  RegistryKind kind_;
  std::map<std::string, std::unique_ptr<const Component>, std::less<>> components_;
};

// Which component, and with which parameters. Copies share the parameters, which never change.
class ChosenCore {
 public:
  ChosenCore() = default;
  // A default in a struct: looked up when it is used, since registries fill in any order.
  explicit ChosenCore(std::string name) : name_(std::move(name)) {}

  bool empty() const { return name_.empty(); }
  const std::string& name() const { return name_; }

  // Reads `"name"` or {"type": "name", …}. Empty when it is not known which; a
  // parameter that is wrong keeps its default.
  void read(const RegistryCore& registry, const Node& at, Errors& errors);
  nlohmann::json write(const RegistryCore& registry) const;

 protected:
  void set(const Component& component, std::shared_ptr<const void> params);
  // The component and its parameters; a default that is not registered is an assertion.
  std::pair<const Component*, std::shared_ptr<const void>> resolve(const RegistryCore& registry) const;

 private:
  std::string name_;
  const Component* component_ = nullptr;
  std::shared_ptr<const void> params_;
};

template <class Interface, class Context>
class Chosen;

template <class Interface, class Context>
class Registry {
 public:
  using Choice = Chosen<Interface, Context>;
  template <class Params>
  using Factory = std::function<std::unique_ptr<Interface>(const Params&, Context&)>;
  struct Entry final : Component {
    using Component::Component;
    std::function<std::unique_ptr<Interface>(const void*, Context&)> build;
  };
  // What add returns: nobody needs to look at it.
  struct [[maybe_unused]] Registered {};

  static RegistryCore& core() {
    static RegistryCore instance(kind());
    return instance;
  }

  template <class Params>
  static Registered add(ComponentInfo info, const ParamTable<Params>& table, Factory<Params> factory) {
    auto entry = std::make_unique<Entry>(std::move(info), table.shared(), std::type_index(typeid(Params)));
    entry->build = [factory = std::move(factory)](const void* params, Context& context) {
      return factory(*static_cast<const Params*>(params), context);
    };
    core().add(std::move(entry));
    return {};
  }

  static const Entry* find(std::string_view name) { return static_cast<const Entry*>(core().find(name)); }
  static std::vector<std::string> names() { return core().names(); }
  static std::vector<const Component*> list() { return core().list(); }

 private:
  static RegistryKind kind() {
    if constexpr (requires { Interface::registry_kind; }) {
      return Interface::registry_kind;
    } else {
      return {"component", "components"};
    }
  }
};

template <class Interface, class Context>
class Chosen : public ChosenCore {
 public:
  using Home = Registry<Interface, Context>;

  Chosen() = default;  // empty
  explicit Chosen(std::string name) : ChosenCore(std::move(name)) {}
  // For code and tests: a component with these parameters.
  template <class Params>
  static Chosen of(std::string_view name, Params params) {
    const Component* component = Home::find(name);
    WEIR_ASSERT(component != nullptr, "the component is registered");
    WEIR_ASSERT(component->params_type == std::type_index(typeid(Params)), "these are its parameters");
    Chosen chosen;
    chosen.set(*component, std::make_shared<const Params>(std::move(params)));
    return chosen;
  }

  std::unique_ptr<Interface> build(Context& context) const {
    WEIR_ASSERT(!empty(), "only a component that was chosen can be built");
    const auto [component, params] = resolve(Home::core());
    return static_cast<const typename Home::Entry*>(component)->build(params.get(), context);
  }
  std::unique_ptr<Interface> build(Context&& context) const { return build(context); }

  // nullptr when the parameters are of another type.
  template <class Params>
  std::shared_ptr<const Params> params() const {
    if (empty()) return nullptr;
    const auto [component, params] = resolve(Home::core());
    if (component->params_type != std::type_index(typeid(Params))) return nullptr;
    return std::static_pointer_cast<const Params>(params);
  }

  using ChosenCore::read;
  using ChosenCore::write;
  void read(const Node& at, Errors& errors) { ChosenCore::read(Home::core(), at, errors); }
  template <class Json = nlohmann::json>  // a template so that only callers need the whole of json.hpp
  Json write() const {
    return ChosenCore::write(Home::core());
  }
};

}  // namespace weir
