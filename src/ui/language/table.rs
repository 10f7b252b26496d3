//! The table of words. The terms are those of *Dive into Deep Learning* and of its Chinese edition.

/// Words that are looked up: by the key of a setting, or by the word of a value.
pub type List = &'static [(&'static str, &'static str)];

/// Makes the struct of words and its two values from `name: "English", "中文";`, and lists of them.
macro_rules! words {
    (
        $($list:ident { $($key:literal: $english_of_key:literal, $chinese_of_key:literal;)* })*
        ---
        $($name:ident: $english:literal, $chinese:literal;)*
    ) => {
        /// Everything that the page says, in one language. `{0}` and so on are filled in by [`super::fill`].
        #[derive(Debug)]
        pub struct Words { $(pub $list: List,)* $(pub $name: &'static str,)* }

        pub static ENGLISH: Words = Words { $($list: &[$(($key, $english_of_key)),*],)* $($name: $english,)* };

        pub static CHINESE: Words = Words { $($list: &[$(($key, $chinese_of_key)),*],)* $($name: $chinese,)* };

        #[cfg(test)]
        impl Words {
            /// Every word by its name.
            pub fn all(&self) -> Vec<(&'static str, &'static str)> {
                let listed = [$(self.$list),*].concat();
                [listed, vec![$((stringify!($name), self.$name)),*]].concat()
            }
        }
    };
}

words! {
    // The settings, as their fields are called;
    labels {
        "hidden": "Hidden units", "隐藏单元数";
        "batch": "Batch size", "批量大小";
        "steps": "Time steps", "时间步数";
        "epochs": "Epochs", "轮次数";
        "lr": "Learning rate", "学习率";
        "clip": "Gradient clipping", "梯度裁剪";
        "tokens": "Training tokens", "训练词元数";
        "sampling": "Sampling", "采样";
        "state": "Hidden state", "隐状态";
        "seed": "Seed", "随机种子";
        "engine": "Engine", "引擎";
        "cleaning": "Cleaning", "文本清洗";
        "vocab": "Vocabulary, at most", "词表大小上限";
        "validation": "Validation tokens", "验证词元数";
        "window-offset": "Window offset", "窗口偏移";
    }
    // those that are numbers, in the name of a run;
    names {
        "hidden": "hidden", "隐藏单元";
        "batch": "batch", "批量";
        "steps": "steps", "时间步";
        "epochs": "epochs", "轮次";
        "lr": "learning rate", "学习率";
        "clip": "clipping", "裁剪";
        "tokens": "tokens", "词元";
        "seed": "seed", "种子";
        "vocab": "vocabulary", "词表";
        "validation": "validation", "验证词元";
    }
    // and the words that they take.
    values {
        "sequential": "sequential", "顺序";
        "random": "random", "随机";
        "carry": "carry", "传递";
        "reset": "reset", "重置";
        "auto": "auto", "自动";
        "gpu": "gpu", "仅 GPU";
        "cpu": "cpu", "仅 CPU";
        "book": "as in the book", "与书相同";
        "verbatim": "verbatim", "保留原文";
    }
    ---
    code: "en", "zh";
    other_language: "中文", "English";
    none: "–", "–";
    quote: "“{0}”", "“{0}”";
    list_separator: ", ", "、";

    // Masthead.
    tagline: "Watch a recurrent network learn to write, one character at a time: the character RNN of",
        "看循环神经网络一个字符一个字符地学习写作：它就是这本书里的字符级 RNN——";
    book: "Dive into Deep Learning", "《动手学深度学习》";
    tagline_end: ", trained in this page. Nothing is installed, and nothing leaves this machine.",
        "，就在本页中训练。无需安装，数据也不会离开这台机器。";
    theme: "Colours", "配色";
    theme_auto: "as the system", "跟随系统";
    theme_light: "light", "浅色";
    theme_dark: "dark", "深色";

    // The bar.
    run: "Run", "训练";
    train: "Train", "训练";
    pause: "Pause", "暂停";
    resume: "Resume", "继续";
    one_epoch: "One epoch", "一个轮次";
    one_minibatch: "One minibatch", "一个小批量";
    reset: "Reset", "重置";
    progress: "Progress of the run", "训练进度";
    epoch: "Epoch", "轮次";
    perplexity: "Perplexity", "困惑度";
    tokens_per_second: "Tokens/s", "词元/秒";
    tokens_per_second_window: "Over the last seconds; over an epoch when one ends; over the whole run when it is done",
        "取最近几秒的速度；轮次结束时取该轮次的，训练结束时取整个训练的";
    time_left: "Time left", "剩余时间";
    device: "Device", "设备";
    count_of: "{0} of {1}", "{0} / {1}";
    preparing_run: "Preparing the run…", "正在准备训练…";
    loading_text: "Loading the text…", "正在加载文本…";
    seconds: "{0} s", "{0} 秒";
    minutes: "{0} min", "{0} 分钟";
    hours: "{0} h {1} min", "{0} 小时 {1} 分钟";
    looking_for_gpu: "Looking for the GPU…", "正在寻找 GPU…";
    ready: "Ready to train", "可以训练";
    training: "Training", "训练中";
    paused: "Paused", "已暂停";
    finished: "Finished", "已完成";
    failed: "Failed", "已失败";

    // Without WebGPU.
    no_webgpu: "This browser gives the page no WebGPU, so it trains on the CPU.",
        "此浏览器没有向本页提供 WebGPU，因此在 CPU 上训练。";
    advice_chrome_linux: "To use the GPU, open chrome://flags/#enable-unsafe-webgpu, enable it and restart the browser.",
        "若要使用 GPU，请打开 chrome://flags/#enable-unsafe-webgpu，启用后重启浏览器。";
    advice_chrome: "To use the GPU, take Chrome or Edge 127 or newer and switch on hardware acceleration in its settings.",
        "若要使用 GPU，请使用 Chrome 或 Edge 127 以上版本，并在设置中打开硬件加速。";
    advice_firefox: "To use the GPU, take Firefox 141 or newer on Windows, 145 or newer on macOS, or Chrome.",
        "若要使用 GPU，请在 Windows 上使用 Firefox 141 以上版本，在 macOS 上使用 145 以上版本，或使用 Chrome。";
    advice_safari: "To use the GPU, take Safari 26 or newer.", "若要使用 GPU，请使用 Safari 26 以上版本。";
    advice_insecure: "To use the GPU, open the page over https or on localhost.",
        "若要使用 GPU，请通过 https 或在 localhost 上打开本页。";

    // A newer version of the page.
    version_ready: "A newer version of this page is ready.", "本页有新版本可用。";
    version_change: "Change over to it", "切换到新版本";
    version_other_tabs: "First close the other tabs with this page, so that all are of one version.",
        "请先关闭本页的其他标签页，使各处版本一致。";

    // A run that is held, or went on elsewhere.
    recovered: "The device failed ({0}); the run went on from the end of epoch {1} on {2}.",
        "设备出错（{0}）；训练从第 {1} 个轮次结束处在 {2} 上继续。";
    diverged: "{0} stopped being a finite number in minibatch {1} of epoch {2}; the run is held at the end of the epoch before.",
        "第 {2} 个轮次的第 {1} 个小批量中，{0}不再是有限的数；训练停在前一个轮次结束处。";
    go_on_with: "Go on with learning rate {0}, clipping {1}", "以学习率 {0}、梯度裁剪 {1} 继续";
    the_loss: "The loss", "损失";
    the_gradient_norm: "The gradient norm", "梯度范数";
    a_weight: "A weight", "权重";
    the_perplexity: "The perplexity", "困惑度";
    break_it: "Break it", "把它弄坏";
    break_it_note: "What goes wrong, and what the page proposes then. Press Train after either; “Exactly the book” mends it.",
        "看看会出什么问题，以及本页随后的建议。选一个后按“训练”；“与书完全一致”可恢复。";
    break_rate: "Learning rate 100", "学习率 100";
    break_clip: "Clipping off", "关闭裁剪";

    // What is kept of runs.
    books_settings: "the book’s settings", "书中的设置";
    interrupted: "Interrupted runs", "被中断的训练";
    saved_facts: "epoch {0} of {1}, perplexity {2}", "轮次 {0} / {1}，困惑度 {2}";
    saved_offer: "A run was interrupted: {0}; {1}, saved {2}.", "有一次训练被中断：{0}；{1}，保存于 {2}。";
    opened_offer: "{0} is of this run: {1}; {2}.", "{0} 是这次训练：{1}；{2}。";
    resume_this: "Resume this run", "继续这次训练";
    discard: "Discard", "丢弃";
    cannot_save: "This browser does not keep the run ({0}). Training goes on, but closing the page would lose it: download \
        a checkpoint to keep it.",
        "浏览器无法保存这次训练（{0}）。训练仍在继续，但关闭页面会丢失它：请下载检查点来保留。";
    storage_blocked: "Another tab holds what is saved open for an older version of this page, so no run is kept here: close \
        the other tabs of this page, then reload this one.",
        "另一个标签页仍以本页的旧版本占用着已保存的内容，因此这里不保存训练：请关闭本页的其他标签页，然后重新加载本页。";
    storage_closed: "A newer version of this page has taken over what is saved, or the browser has cleared it, so this tab \
        keeps the run no longer: download a checkpoint to keep it, then reload the page.",
        "本页的新版本已接管所保存的内容，或浏览器已将其清除，因此这个标签页不再保存训练：请下载检查点来保留，然后重新加载本页。";
    restarted: "The worker that trains had stopped and was started again; the run went on from the end of epoch {0}. ({1})",
        "负责训练的工作线程曾停止，已重新启动；训练从第 {0} 个轮次结束处继续。（{1}）";
    checkpoints: "Checkpoints", "检查点";
    checkpoints_note: "A run is saved in this browser by itself. As a file it goes on anywhere, on this page or in PyTorch.",
        "训练会自动保存在此浏览器中。下载成文件后，可以在别处的本页或 PyTorch 中继续。";
    checkpoint_download: "Download checkpoint", "下载检查点";
    checkpoint_pytorch: "Continue in PyTorch", "在 PyTorch 中继续";
    checkpoint_pytorch_note: "Gives the checkpoint and {0}, to be run beside the text:", "会得到检查点和 {0}，请与文本放在一起运行：";
    checkpoint_open: "Open a checkpoint", "打开检查点";
    download: "Download", "下载";

    // Settings.
    settings: "Settings", "设置";
    mode: "Mode", "模式";
    mode_first: "The book’s first run", "书中第一次训练";
    mode_second: "The book’s second run", "书中第二次训练";
    mode_random: "Random order", "随机顺序";
    mode_first_meaning: "Windows in order, state carried", "顺序分区，隐状态传递";
    mode_second_meaning: "Windows in order, state reset", "顺序分区，隐状态重置";
    mode_random_meaning: "Windows shuffled, state reset", "随机采样，隐状态重置";
    exactly_the_book: "Exactly the book", "与书完全一致";
    exactly_the_book_note: "Sets everything below as the book has it; the mode and the seed stay.",
        "把下面的设置都改成书中的值；模式和种子不变。";
    start_from_file: "Start from a file", "从文件开始";
    file: "file", "文件";
    offset: "offset {0}", "偏移 {0}";
    initial_parameters: "Initial parameters", "初始参数";
    remove: "Remove", "移除";
    tensors_of_file: "A safetensors file of F32 tensors, for these settings:",
        "一个含 F32 张量的 safetensors 文件，按当前设置应为：";
    start_note: "Where every epoch’s windows begin; empty for a random offset each. A run with a file or an offset \
        can follow another implementation step by step, and is not held against the book’s.",
        "每个轮次的窗口从何处开始；留空则每次随机。用文件或固定偏移的训练可以逐步跟随别的实现，不与书中结果比较。";
    file_none: "None: random weights, by the seed.", "未选择：按种子随机初始化权重。";
    file_reading: "{0}, being read…", "正在读取 {0}…";
    file_unreadable: "None that can be read.", "没有可读取的文件。";

    // A text of one's own.
    text_choose: "Choose a text", "选择文本";
    text_paste: "Paste a text", "粘贴文本";
    text_pasted: "pasted text", "粘贴的文本";
    text_use: "Use it", "使用";
    text_book: "Back to the book’s text", "回到书中的文本";
    text_note: "A plain text file, which may also be dropped anywhere on the page: UTF-8 or UTF-16, up to {0} MB. It stays \
        on this machine.",
        "纯文本文件，也可拖放到本页任意处：UTF-8 或 UTF-16，最多 {0} MB。文本不会离开这台机器。";
    text_tokens: "{0}; {1} tokens, vocabulary of {2}", "{0}；{1} 个词元，词表大小 {2}";
    text_unknown: "the {1} rarest characters ({0} tokens) read as <unk>", "最少见的 {1} 种字符（{0} 个词元）读作 <unk>";
    text_cleaning_note: "As in the book: letters and spaces. Verbatim: every character, of any script. Validation tokens \
        are held out from the end of the text; their perplexity is the dashed line.",
        "“与书相同”只留字母和空格；“保留原文”保留任何文字的每个字符。验证词元取自文本末尾，不参与训练；它们的困惑度是虚线。";
    text_adapted: "Set for this text: {0}.", "已按此文本设置：{0}。";
    vocabulary: "Vocabulary", "词表";
    vocabulary_more: "and {0} more", "以及另外 {0} 种";
    drop_hint: "Drop a text here to train on it", "松开即可用这个文本训练";
    offer: "This link brings a text of its own: {0}", "这个链接带有自己的文本：{0}";
    offer_note: "Nothing of it is loaded yet. If you say so, it is fetched from {0} and trained on here.",
        "尚未加载其中任何内容。经你同意后才会从 {0} 获取，并在本机训练。";
    offer_load: "Fetch this text", "获取这个文本";
    offer_decline: "Stay with the book’s", "仍用书中的文本";

    rates_note: "Learning rate and gradient clipping take effect at the next minibatch.",
        "学习率和梯度裁剪在下一个小批量生效。";
    new_run_note: "{0}: these start a new run. Press Reset, then Train.", "{0}：这些改动需要新的训练。请按“重置”，再按“训练”。";

    // What is trained.
    network_title: "What is trained", "训练什么";
    text: "Text", "文本";
    text_facts: "{0}; {1} characters, vocabulary of {2}", "{0}；{1} 个字符，词表大小 {2}";
    books_edition: "the book’s edition", "书中所用的版本";
    speed: "Speed", "速度";
    network: "Network", "网络";
    network_facts: "{0} → {1} → {0}, {2} parameters", "{0} → {1} → {0}，{2} 个参数";
    shapes: "Shapes", "形状";
    one_hot: "one-hot", "独热";
    memory: "Memory", "内存";
    race: "Race", "竞速";
    lap: "{0}: {1} tokens/s", "{0}：{1} 词元/秒";
    laps_not_timed: "{0} more left out", "另外 {0} 种未测";

    // Where the time goes.
    profile_title: "Where the time goes", "时间花在哪里";
    profile_note: "Each kernel of a training step is repeated alone, with the settings on the left and a network of its \
        own; it takes some seconds, in which a run rests.",
        "用左侧的设置和一个单独的网络，把训练一步中的每个内核单独重复运行；需要几秒钟，其间训练暂停。";
    profile_measure: "Measure", "测量";
    profile_measuring: "Measuring…", "测量中…";
    profile_kernel: "Kernel", "内核";
    profile_dispatches: "Dispatches", "调度次数";
    profile_share: "Share", "占比";
    profile_summary: "{0}. A minibatch in training takes {1} ms: {2} tokens/s. Packing and recording it takes {3} ms, \
        {4} % of that, while the device works; the read-back at the end of an epoch {5} ms.",
        "{0}。训练中一个小批量用时 {1} 毫秒：{2} 词元/秒。打包和录制用时 {3} 毫秒，占 {4} %，与设备的工作同时进行；轮次结束时的回读用时 {5} 毫秒。";

    // Curve.
    curve_title: "Perplexity by epoch", "各轮次的困惑度";
    curve_empty: "The curve starts with the first finished epoch. Guessing blindly among the text’s characters is a \
        perplexity of {0}; knowing the text by heart is 1.",
        "第一个轮次结束后曲线开始出现。在文本的字符中盲猜，困惑度是 {0}；把文本完全背下来，困惑度是 1。";
    logarithmic: "Logarithmic", "对数坐标";
    save_png: "Save PNG", "保存 PNG 图片";
    save_csv: "Save CSV", "保存 CSV 数据";
    axis_epoch: "epoch", "轮次";
    axis_perplexity: "perplexity", "困惑度";
    axis_norm: "gradient norm", "梯度范数";
    pytorch: "PyTorch, mean of {0} seeds", "PyTorch，{0} 个种子的平均";
    two: "two", "两";
    three: "three", "三";
    four: "four", "四";
    curve_nothing: "Perplexity per epoch: nothing to show before the first epoch is done",
        "各轮次的困惑度：第一个轮次结束前没有可显示的内容";
    curve_one: "Perplexity is {0} after epoch {1}", "第 {1} 个轮次后困惑度为 {0}";
    curve_stayed: "Perplexity stayed at {0} from epoch {1} to epoch {2}", "从第 {1} 到第 {2} 个轮次，困惑度保持在 {0}";
    curve_fell: "Perplexity fell from {0} at epoch {1} to {2} at epoch {3}",
        "困惑度从第 {1} 个轮次的 {0} 降到第 {3} 个轮次的 {2}";
    curve_rose: "Perplexity rose from {0} at epoch {1} to {2} at epoch {3}",
        "困惑度从第 {1} 个轮次的 {0} 升到第 {3} 个轮次的 {2}";
    curve_behind: "; {0}: {1} at epoch {2}", "；{0}：第 {2} 个轮次为 {1}";
    rates_mark: "from here: learning rate {0}, clipping {1}", "从此处起：学习率 {0}，梯度裁剪 {1}";
    scrub: "Epoch to look at", "查看的轮次";
    at_epoch: "Epoch {0}", "第 {0} 个轮次";
    at_epoch_perplexity: "Epoch {0}: perplexity {1}", "第 {0} 个轮次：困惑度 {1}";
    at_epoch_held_out: "Epoch {0}: perplexity {1}, held out {2}", "第 {0} 个轮次：困惑度 {1}，验证 {2}";
    curve_held_out: "; held out: {0}", "；验证：{0}";
    named_held_out: "{0}, held out", "{0}，验证";
    legend_held_out: "Dashed: held-out tokens", "虚线：留出的验证词元";
    untrained: "Before training", "训练之前";
    newest: "Follow the newest", "跟随最新";
    copy: "Copy", "复制";
    copied: "Copied", "已复制";

    // Samples.
    samples: "Samples", "样本";
    samples_empty: "After every epoch the network continues your prefix by 50 characters.",
        "每个轮次结束后，网络会把你的前缀续写 50 个字符。";
    samples_by_epoch: "Samples by epoch", "各轮次的样本";

    // Runs.
    runs: "Runs", "历次训练";
    runs_empty: "Every run that you train stays here, to be compared, renamed, shared and opened again.",
        "你训练过的每一次都会留在这里，可以比较、改名、分享、重新打开。";
    random_beside: "Random order beside it", "再训练随机顺序作对比";
    sequential_beside: "Sequential order beside it", "再训练顺序分区作对比";
    beside_note: "The same settings and seed, the other order; starts when the present run is done.",
        "设置和种子相同，只换顺序；当前训练结束后开始。";
    beside_waits: "Next: {0}", "接下来：{0}";
    run_number: "Run {0}", "第 {0} 次训练";
    run_name: "Name of run {0}", "第 {0} 次训练的名称";
    run_shown: "Show run {0} on the curve", "在曲线上显示第 {0} 次训练";
    run_facts: "epoch {0}, perplexity {1}", "轮次 {0}，困惑度 {1}";
    run_open: "Open its settings", "打开它的设置";
    run_link: "Copy its link", "复制它的链接";
    run_delete: "Delete", "删除";
    run_actions: "More about run {0}", "第 {0} 次训练的更多操作";
    item: "{0} {1}", "{0} {1}";
    name_from_file: "from a file", "从文件开始";
    name_offset: "offset", "偏移";
    name_carry: "state carried", "隐状态传递";
    name_reset: "state reset", "隐状态重置";
    name_rates: "rates changed", "中途改动";

    // Conversation.
    conversation: "Conversation", "对话";
    prefix: "Prefix", "前缀";
    generate: "Generate", "生成";
    conversation_hint: "Type how a sentence begins and let the network go on, from the weights it has just now. \
        Before training, expect nonsense.",
        "输入一句话的开头，让网络用此刻的权重续写。训练之前，写出来的会是乱码。";
    continuation: "Continuation", "续写";
    refresh: "Refresh as it learns", "随训练刷新";
    pick: "Next character", "下一个字符";
    pick_likeliest: "the likeliest, as in the book", "概率最大者（与书相同）";
    pick_sampled: "drawn at random", "随机抽取";
    temperature: "Temperature", "温度";
    top_k: "Of the likeliest", "只取前几名";
    surprise_hint: "Darker means more surprising to the network. Point at a character, or move with the arrow keys, to \
        see what else it thought of.",
        "颜色越深，网络越意外。把指针移到某个字符上，或用方向键移动，即可看到网络还想到了什么。";
    guesses_of: "Instead of “{0}” ({1} bits)", "“{0}”处的候选（{1} 比特）";
    guesses_next: "What would come next", "接下来可能是";
    space: "space", "空格";
    line_end: "line end", "换行";
    unknown_one: "{0} is not in the vocabulary: read as <unk>.", "{0} 不在词表中：读作 <unk>。";
    unknown_many: "{0} and {1} are not in the vocabulary: read as <unk>.", "{0} 和 {1} 不在词表中：读作 <unk>。";

    // Gradients.
    gradients: "Gradients", "梯度";
    gradients_empty: "The norm of every minibatch’s gradients appears here after the first epoch, and how often it was \
        clipped.",
        "第一个轮次后，这里会显示每个小批量的梯度范数，以及被裁剪的次数。";
    gradients_share: "{0} of {1} minibatches clipped ({2} %)", "{1} 个小批量中裁剪了 {0} 个（{2} %）";
    gradients_label: "Gradient norm before clipping, by minibatch: {0} at the last one, threshold {1}",
        "各小批量裁剪前的梯度范数：最后一个为 {0}，阈值 {1}";

    // How it ended.
    ended: "How it ended", "训练结果";
    ended_words: "After {0}: perplexity {1}, {2} tokens/s on {3}.", "{0}后：困惑度 {1}，{2} 词元/秒，设备 {3}。";
    epochs_one: "{0} epoch", "{0} 个轮次";
    epochs_many: "{0} epochs", "{0} 个轮次";
    compared_after: "{0} after {1}", "{1}后为 {0}";
    compared_ends: "{0}; {1}, ends at epoch {2}.", "{0}；{1}，到第 {2} 个轮次为止。";
    compared: "{0}; {1}: {2}, {3}.", "{0}；{1}：{2}，{3}。";
    about: "about {0}", "约 {0}";
    the_same: "the same within 1 %", "相差不到 1 %";
    worse: "so this run is {0} % worse", "本次训练差 {0} %";
    better: "so this run is {0} % better", "本次训练好 {0} %";
    books_speed: "the book’s GPU of 2021 ({0} to {1} tokens/s)", "书中 2021 年的 GPU（{0} 到 {1} 词元/秒）";
    as_fast: "As fast as {0}.", "与{0}一样快。";
    times_as_fast: "{0} times the speed of {1}.", "是{1}的 {0} 倍。";
    part_as_fast: "{0} of the speed of {1}.", "是{1}的 {0} 倍。";
    far_slower: "Less than 0.01 of the speed of {0}.", "不到{0}的 0.01 倍。";

    // Explanations.
    explain: "Explain", "讲解";
    explain_shapes: "With the present settings", "按当前设置";
    explain_kernel: "The WGSL kernel that computes it on the GPU", "在 GPU 上计算它的 WGSL 内核";
    explain_cpu: "The CPU engine computes the same formula in Rust.", "CPU 引擎用 Rust 计算同样的公式。";
    explain_loading: "Loading {0}…", "正在加载 {0}…";
    explain_missing: "The kernel {0} could not be fetched: reload the page.", "无法获取内核 {0}：请重新加载本页。";
    explain_minibatch: "The text is cut into windows of T tokens; B of them make a minibatch X. Each target is the token \
        that follows. One-hot times a matrix is the look-up of a row, so no one-hot vector is ever written down.",
        "文本被切成长度为 T 个词元的窗口，B 个窗口组成一个小批量 X。每个标签就是下一个词元。独热向量乘矩阵等于取矩阵的一行，\
        因此不必真正写出独热向量。";
    explain_forward: "At each time step the hidden state takes in one token and what it held before. The output layer \
        makes logits for the next token of it.",
        "在每个时间步，隐状态接收一个词元和它之前的内容；输出层由它算出下一个词元的未归一化分数。";
    explain_perplexity: "Perplexity is the exponential of the mean cross-entropy per token: among so many equally likely \
        tokens the network hesitates on average.",
        "困惑度是每个词元平均交叉熵的指数：平均而言，网络相当于在这么多个等概率的词元之间犹豫。";
    explain_clipping: "Backpropagation through time multiplies by the same matrix T times, so gradients can explode. If \
        their norm over all parameters exceeds θ, all are scaled down to it; then SGD takes its step.",
        "通过时间反向传播要连乘同一个矩阵 T 次，梯度可能爆炸。若全部参数的梯度范数超过 θ，就整体按比例缩小到 θ；\
        然后随机梯度下降走一步。";
    explain_prediction: "The prefix warms up the hidden state; then each predicted character is fed back as the next \
        input. The surprise of a character is minus the binary logarithm of its probability.",
        "先用前缀预热隐状态，然后把每个预测出的字符作为下一个输入。一个字符的意外程度是其概率以 2 为底的对数的相反数。";
    part_input: "input", "输入";
    part_state: "hidden state", "隐状态";
    part_bias: "bias", "偏置";
    part_activation: "activation", "激活函数";
    part_output: "output layer", "输出层";
    part_maximum: "largest logit, for stability", "最大分数（保证数值稳定）";
    part_exponential: "exponentials", "指数";
    part_loss: "loss", "损失";
    part_norm: "norm", "范数";
    part_threshold: "threshold θ", "阈值 θ";
    part_update: "update", "更新";
    part_target: "target", "标签";
}
