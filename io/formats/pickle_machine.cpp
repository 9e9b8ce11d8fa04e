#include "io/formats/pickle_machine.h"

#include <bit>
#include <cstring>
#include <set>
#include <type_traits>

#include "io/formats/pickle_opcodes.h"
#include "io/formats/pickle_reader.h"
#include "io/in_quotes.h"
#include "io/utf8.h"

namespace tessera::io {
namespace {

constexpr std::size_t kMaxPickleBytes = std::size_t{1} << 26;
constexpr std::size_t kMaxMarks = 1000;
constexpr std::size_t kMaxPushes = std::size_t{1} << 23;

class Machine {
 public:
  Machine(const PickleSource& source, TorchStorages& storages)
      : source_(source), storages_(storages), reader_(source) {}

  PickleValue run() {
    if (source_.bytes.size() > kMaxPickleBytes) {
      source_.refuse(
          0, "a pickle of ", source_.bytes.size(), " bytes; ", kMaxPickleBytes, " is most");
    }
    const auto proto = reader_.number<std::uint8_t>();
    if (PickleOp{proto} != PickleOp::kProto) source_.refuse(0, "not a pickle of protocol 2 to 5");
    const auto version = reader_.number<std::uint8_t>();
    if (version < 2 || version > 5) {
      source_.refuse(1, "pickle protocol ", int{version}, "; 2 to 5 are read");
    }
    while (step()) continue;
    if (stack_.size() != 1 || !marks_.empty()) refuse("the pickle ends with more than one value");
    if (!reader_.at_end()) source_.refuse(reader_.position(), "bytes behind the end of the pickle");
    return tree_of(objects_, stack_.back(), source_);
  }

 private:
  template <typename... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    source_.refuse(op_at_, parts...);
  }

  /// Carries out one opcode; false at the end.
  bool step() {
    op_at_ = reader_.position();
    const auto byte = reader_.number<std::uint8_t>();
    const PickleOp op{byte};
    if (op == PickleOp::kStop) return false;
    if (op == PickleOp::kFrame) {  // announces bytes that are there anyway
      const auto size = reader_.number<std::uint64_t>();
      if (size > source_.bytes.size() - reader_.position()) refuse("a frame that is cut");
      return true;
    }
    if (!push_constant(op) && !push_text(op) && !make_container(op) && !fill_container(op) &&
        !use_memo(op) && !call(op)) {
      refuse("opcode ", pickle_op_name(byte), " is not allowed in a weight file");
    }
    return true;
  }

  bool push_constant(PickleOp op) {
    switch (op) {
      case PickleOp::kNone:
        return push(std::monostate{});
      case PickleOp::kNewTrue:
        return push(true);
      case PickleOp::kNewFalse:
        return push(false);
      case PickleOp::kBinInt:
        return push(std::int64_t{reader_.number<std::int32_t>()});
      case PickleOp::kBinInt1:
        return push(std::int64_t{reader_.number<std::uint8_t>()});
      case PickleOp::kBinInt2:
        return push(std::int64_t{reader_.number<std::uint16_t>()});
      case PickleOp::kLong1:
        return push(long_integer());
      case PickleOp::kBinFloat:  // the one big-endian number
        return push(std::bit_cast<double>(__builtin_bswap64(reader_.number<std::uint64_t>())));
      default:
        return false;
    }
  }

  /// Two's complement, little-endian, of as many bytes as the first says.
  std::int64_t long_integer() {
    const auto size = reader_.number<std::uint8_t>();
    const std::string_view bytes = reader_.take(size);
    if (size > 8) refuse("a whole number of ", int{size}, " bytes; 8 are read");
    const bool negative = size > 0 && (static_cast<unsigned char>(bytes.back()) & 0x80u) != 0;
    std::int64_t value = negative ? -1 : 0;
    std::memcpy(&value, bytes.data(), size);
    return value;
  }

  bool push_text(PickleOp op) {
    switch (op) {
      case PickleOp::kShortBinUnicode:
        return push(text(reader_.number<std::uint8_t>()));
      case PickleOp::kBinUnicode:
        return push(text(reader_.number<std::uint32_t>()));
      case PickleOp::kBinUnicode8:
        return push(text(reader_.number<std::uint64_t>()));
      case PickleOp::kShortBinBytes:
        return push(PickleObject::Bytes{reader_.take(reader_.number<std::uint8_t>())});
      case PickleOp::kBinBytes:
        return push(PickleObject::Bytes{reader_.take(reader_.number<std::uint32_t>())});
      case PickleOp::kBinBytes8:
        return push(PickleObject::Bytes{reader_.take(reader_.number<std::uint64_t>())});
      default:
        return false;
    }
  }

  std::string_view text(std::uint64_t size) {
    const std::string_view taken = reader_.take(size);
    if (!is_utf8(taken)) refuse("text that is not UTF-8");
    return taken;
  }

  bool make_container(PickleOp op) {
    switch (op) {
      case PickleOp::kMark:
        if (marks_.size() == kMaxMarks) refuse("nested more than ", kMaxMarks, " marks deep");
        marks_.push_back(stack_.size());
        return true;
      case PickleOp::kEmptyList:
        return push(PickleObject::List{});
      case PickleOp::kEmptyDict:
        return push(PickleObject::Dict{});
      case PickleOp::kEmptyTuple:
        return push(PickleObject::Tuple{});
      case PickleOp::kTuple:
        return push(PickleObject::Tuple{pop_to_mark()});
      case PickleOp::kTuple1:
        return push(PickleObject::Tuple{pop(1)});
      case PickleOp::kTuple2:
        return push(PickleObject::Tuple{pop(2)});
      case PickleOp::kTuple3:
        return push(PickleObject::Tuple{pop(3)});
      default:
        return false;
    }
  }

  bool fill_container(PickleOp op) {
    switch (op) {
      case PickleOp::kAppend:
        return append<PickleObject::List>(pop(1));
      case PickleOp::kAppends:
        return append<PickleObject::List>(pop_to_mark());
      case PickleOp::kSetItem:
        return append<PickleObject::Dict>(pop(2));
      case PickleOp::kSetItems:
        return append<PickleObject::Dict>(pop_to_mark());
      default:
        return false;
    }
  }

  template <typename Container>
  bool append(const std::vector<PickleRef>& items) {
    constexpr bool kPairs = std::is_same_v<Container, PickleObject::Dict>;
    PickleObject& target = objects_[top()];
    auto* container = std::get_if<Container>(&target.data);
    if (container == nullptr) refuse("puts an item into ", kind_of(target));
    if (kPairs && items.size() % 2 != 0) refuse("a key without a value");
    container->items.insert(container->items.end(), items.begin(), items.end());
    return true;
  }

  bool use_memo(PickleOp op) {
    switch (op) {
      case PickleOp::kBinPut:
        return remember(reader_.number<std::uint8_t>());
      case PickleOp::kLongBinPut:
        return remember(reader_.number<std::uint32_t>());
      case PickleOp::kMemoize:
        return remember(remembered_);
      case PickleOp::kBinGet:
        return recall(reader_.number<std::uint8_t>());
      case PickleOp::kLongBinGet:
        return recall(reader_.number<std::uint32_t>());
      default:
        return false;
    }
  }

  /// Writers count up from zero, so an index beyond the limit of objects is a lie.
  bool remember(std::size_t index) {
    if (index >= kMaxPickleObjects)
      refuse("memo ", index, "; ", kMaxPickleObjects, " is the limit");
    if (index >= memo_.size()) memo_.resize(index + 1, kNothing);
    if (memo_[index] == kNothing) ++remembered_;
    memo_[index] = top();
    return true;
  }

  bool recall(std::size_t index) {
    if (index >= memo_.size() || memo_[index] == kNothing) refuse("memo ", index, " was never set");
    return push_ref(memo_[index]);
  }

  bool call(PickleOp op) {
    switch (op) {
      case PickleOp::kGlobal: {
        const std::string_view module = reader_.line();
        return push_global(module, reader_.line());
      }
      case PickleOp::kStackGlobal: {
        const std::vector<PickleRef> names = pop(2);
        return push_global(get<std::string_view>(names[0], "the module of a name"),
                           get<std::string_view>(names[1], "a name"));
      }
      case PickleOp::kBinPersId:
        return open_storage(get<PickleObject::Tuple>(pop(1)[0], "a persistent id").items);
      case PickleOp::kReduce:
        return reduce();
      case PickleOp::kNewObj:
        return source_.script && new_record();
      case PickleOp::kBuild:
        return build();
      default:
        return false;
    }
  }

  bool push_global(std::string_view module, std::string_view name) {
    const PickleGlobal* global = find_pickle_global(module, name);
    if (global == nullptr && source_.script) global = find_script_global(module, name);
    if (global == nullptr) {
      refuse("global ", in_quotes(concat(module, " ", name)), " is not allowed in a weight file");
    }
    return push(global);
  }

  /// ("storage", type, key, device, number of values)
  bool open_storage(const std::vector<PickleRef>& id) {
    if (id.size() != 5 || get<std::string_view>(id[0], "a persistent id") != "storage") {
      refuse("a persistent id that is no storage");
    }
    const PickleGlobal* type = get<const PickleGlobal*>(id[1], "the type of a storage");
    if (type->use != PickleGlobal::Use::kStorage) refuse("a storage of the type ", type->name);
    if (++tensors_ > kMaxPickleTensors) refuse("more than ", kMaxPickleTensors, " tensors");
    const StorageClaim claim{.key = get<std::string_view>(id[2], "the key of a storage"),
                             .type = type->type,
                             .values = get<std::int64_t>(id[4], "the size of a storage"),
                             .at = source_.begin + op_at_};
    return push(PickleObject::Storage{storages_.open(claim)});
  }

  bool reduce() {
    const std::vector<PickleRef> both = pop(2);
    const PickleGlobal* global = get<const PickleGlobal*>(both[0], "what is called");
    // A copy: push() may move the objects.
    const std::vector<PickleRef> arguments = get<PickleObject::Tuple>(both[1], "arguments").items;
    switch (global->use) {
      case PickleGlobal::Use::kDict:
        if (!arguments.empty()) refuse("an OrderedDict made with arguments");
        return push(PickleObject::Dict{});
      case PickleGlobal::Use::kTensor:
        return rebuild_tensor(arguments);
      case PickleGlobal::Use::kParameter:
        if (arguments.size() != 3) refuse("a parameter of ", arguments.size(), " arguments; not 3");
        return push_ref(tensor_ref(arguments[0]));
      case PickleGlobal::Use::kList:
        if (arguments.size() != 1) refuse("a list made of ", arguments.size(), " arguments; not 1");
        get<PickleObject::List>(arguments[0], "a list's values");
        return push_ref(arguments[0]);
      default:
        refuse("global ",
               in_quotes(concat(global->module, " ", global->name)),
               " is not to be called");
    }
  }

  PickleRef tensor_ref(PickleRef ref) const {
    get<at::Tensor>(ref, "the data of a parameter");
    return ref;
  }

  /// (storage, offset, sizes, strides, requires_grad, hooks)
  bool rebuild_tensor(const std::vector<PickleRef>& arguments) {
    if (arguments.size() != 6) refuse("a tensor of ", arguments.size(), " arguments; not 6");
    const at::Tensor values = get<PickleObject::Storage>(arguments[0], "a tensor's storage").values;
    get<bool>(arguments[4], "requires_grad");
    if (!get<PickleObject::Dict>(arguments[5], "a tensor's hooks").items.empty()) {
      refuse("a tensor with hooks");
    }
    const TensorClaim claim{.offset = get<std::int64_t>(arguments[1], "a tensor's offset"),
                            .sizes = integers(arguments[2], "a tensor's sizes"),
                            .strides = integers(arguments[3], "a tensor's strides")};
    const std::string problem = problem_with(claim, values.numel(), values.element_size());
    if (!problem.empty()) refuse("a tensor: ", problem);
    if (++tensors_ > kMaxPickleTensors) refuse("more than ", kMaxPickleTensors, " tensors");
    return push(view_of(values, claim));
  }

  std::vector<std::int64_t> integers(PickleRef ref, const char* what) const {
    const std::vector<PickleRef>& items = get<PickleObject::Tuple>(ref, what).items;
    if (items.size() > kMaxTensorDimensions) refuse(what, " are more than 64 numbers");
    std::vector<std::int64_t> numbers;
    for (const PickleRef item : items) numbers.push_back(get<std::int64_t>(item, what));
    return numbers;
  }

  /// An object of a class that the program of a TorchScript archive defines: a record without a
  /// type, since nothing here knows or runs the class.
  bool new_record() {
    const std::vector<PickleRef> both = pop(2);
    const PickleGlobal* global = get<const PickleGlobal*>(both[0], "the class of an object");
    if (global->use != PickleGlobal::Use::kRecord) refuse("an object of ", global->name);
    if (!get<PickleObject::Tuple>(both[1], "arguments").items.empty()) {
      refuse("an object made with arguments");
    }
    push(PickleObject::Dict{});
    records_.insert(stack_.back());
    return true;
  }

  /// The attributes of a record become its entries, once. Attributes of a dict, of which modules'
  /// states have one, _metadata: versions of the modules' classes. They say nothing about the
  /// tensors and are dropped.
  bool build() {
    const PickleRef state = pop(1)[0];
    const PickleRef object = top();
    const std::vector<PickleRef> items =
        get<PickleObject::Dict>(state, "the state of an object").items;
    get<PickleObject::Dict>(object, "an object with a state");
    if (records_.erase(object) == 1)
      std::get<PickleObject::Dict>(objects_[object].data).items = items;
    return true;
  }

  template <typename T>
  const T& get(PickleRef ref, const char* what) const {
    const T* found = std::get_if<T>(&objects_[ref].data);
    if (found == nullptr) refuse(what, " cannot be ", kind_of(objects_[ref]));
    return *found;
  }

  bool push(PickleObject::Data data) {
    if (objects_.size() == kMaxPickleObjects) refuse("more than ", kMaxPickleObjects, " values");
    objects_.push_back({.data = std::move(data), .at = op_at_});
    return push_ref(static_cast<PickleRef>(objects_.size() - 1));
  }

  bool push_ref(PickleRef ref) {
    if (++pushes_ > kMaxPushes) refuse("more than ", kMaxPushes, " steps");
    stack_.push_back(ref);
    return true;
  }

  /// Values above the last mark.
  std::size_t above_mark() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }

  PickleRef top() const {
    if (above_mark() == 0) refuse("takes a value where there is none");
    return stack_.back();
  }

  std::vector<PickleRef> pop(std::size_t count) {
    if (above_mark() < count) refuse("takes a value where there is none");
    std::vector<PickleRef> popped(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return popped;
  }

  std::vector<PickleRef> pop_to_mark() {
    if (marks_.empty()) refuse("goes back to a mark where there is none");
    std::vector<PickleRef> popped = pop(above_mark());
    marks_.pop_back();
    return popped;
  }

  static constexpr PickleRef kNothing = ~PickleRef{0};

  const PickleSource& source_;
  TorchStorages& storages_;
  PickleReader reader_;
  std::uint64_t op_at_ = 0;
  std::vector<PickleObject> objects_{};
  std::vector<PickleRef> stack_{};
  std::vector<std::size_t> marks_{};
  std::vector<PickleRef> memo_{};
  std::set<PickleRef> records_{};  // those that have no attributes yet
  std::size_t remembered_ = 0;
  std::size_t tensors_ = 0;
  std::size_t pushes_ = 0;
};

}  // namespace

PickleValue read_pickle(const PickleSource& source, TorchStorages& storages) {
  return Machine(source, storages).run();
}

}  // namespace tessera::io
