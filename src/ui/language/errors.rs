//! Error sentences in the visitor's language. English is the errors' `Display`; the Chinese is here. Messages from a
//! browser, driver or file reader are quoted untranslated.

use super::words;
use super::{CHINESE, Words};
use crate::error::Error;
use crate::model::FileFault;
use crate::model::config::{SettingError, Values, setting};
use crate::model::pick::{COLDEST, HOTTEST};

/// The sentence for an error.
pub fn sentence(w: &Words, error: &Error) -> String {
    match error {
        // Without the suggestion in `Display`: the page has a button for it.
        Error::Diverged(divergence) => words::divergence(w, divergence),
        error if w.code == CHINESE.code => chinese(error),
        error => error.to_string(),
    }
}

fn chinese(error: &Error) -> String {
    match error {
        Error::Setting(error) => setting_error(error),
        Error::TooFewTokens { length, wanted } => {
            format!("文本只有 {length} 个词元，少于要训练的 {wanted} 个：请把训练词元数（tokens）设为不超过 {length}。")
        }
        Error::ShortText { length, batch, steps, needed } => format!(
            "文本太短：只有 {length} 个字符，而 {batch} 行、每行 {steps} 步需要 {needed} 个（任何训练至少需要 3 个）；\
             请换一个更长的文本，或减小批量大小（batch）或时间步数（steps）。"
        ),
        Error::TextTooShort { length, batch, steps, needed } => format!(
            "{length} 个字符不够分成 {batch} 行、每行 {steps} 步：至少需要 {needed} 个，\
             请增加训练词元数（tokens），或减小批量大小（batch）或时间步数（steps）。"
        ),
        Error::WindowOffset { offset, largest } => {
            format!("窗口偏移 {offset} 超过了可能的最大值 {largest}：请给一个更小的值。")
        }
        Error::BadParameters(fault) => {
            format!("初始参数无法使用（{}）：请选择适合此网络的文件，或适合该文件的设置。", file_fault(fault))
        }
        Error::BadCheckpoint(fault) => format!("检查点无法使用（{}）：请另选一个，或重新开始。", file_fault(fault)),
        Error::BooksText => "检查点是用书中的文本训练的：请回到书中的文本来继续，或重新开始。".to_owned(),
        Error::OtherText => "检查点是用另一个文本训练的：请选择那个文本来继续，或重新开始。".to_owned(),
        Error::CheckpointGone => "保存的训练已不存在：它已被丢弃，或已在另一个页面上继续。请重新开始。".to_owned(),
        Error::NothingToSave => "还没有可保存的网络：请先按“训练”。".to_owned(),
        Error::FileUnreadable { name, why } => format!("无法读取 {name}（{why}）：请重新选择它，或换一个文件。"),
        Error::FileTooLarge { name, megabytes, most_megabytes } => {
            format!("{name} 有 {megabytes} MB，而这里的网络都不超过 {most_megabytes} MB：请换一个文件。")
        }
        Error::TextMissing(why) => format!("无法获取文本（{why}）：请用 `cargo xtask build` 构建本页，它会带上文本。"),
        Error::UnknownEdition(sha1) => format!(
            "文本不是已知的《时间机器》版本（SHA-1 为 {sha1}）：\
             请删除 public/timemachine.txt 并重新构建本页，它会带上文本。"
        ),
        Error::NoRun => "没有正在进行的训练可以更改学习率或裁剪阈值：请在下一次训练之前设置。".to_owned(),
        Error::TooFewToHoldOut { length, tokens, validation } => format!(
            "文本只有 {length} 个词元，不够训练 {tokens} 个再留出 {validation} 个：\
             请减少训练词元数（tokens）或验证词元数（validation）。"
        ),
        Error::NoLetters => "文本中没有字母 A 到 Z，按书中的清洗什么也不剩：请把文本清洗（cleaning）设为保留原文，\
                             或换一个文本。"
            .to_owned(),
        Error::EmptyText => "文本是空的：请选择一个有内容的文本。".to_owned(),
        Error::TextTooLarge { most_megabytes } => {
            format!("文本超过 {most_megabytes} MB，这是此处可读取的上限：请选择较短的文本，或只取一部分。")
        }
        Error::NotUtf8 { offset } => format!(
            "文本既不是 UTF-8，也不是带字节顺序标记的 UTF-16（从 0 数起，第 {offset} 个字节首先不符）：\
             请另存为 UTF-8 后重新选择。"
        ),
        Error::NotUtf16 { offset } => {
            format!("文本以 UTF-16 开头，但从 0 数起的第 {offset} 个字节处只有半个字符：请另存为 UTF-8 后重新选择。")
        }
        Error::NotText { offset } => {
            format!("从 0 数起的第 {offset} 个字节是零，只有别的类型的文件才会这样：请选择保存为 UTF-8 的纯文本。")
        }
        Error::LfsPointer => {
            "这只是 Git LFS 指针，不是文本本身：请用 `git lfs pull` 取得或下载文本，再选择它。".to_owned()
        }
        Error::NoBook => "无法回到书中的文本，因为它没有加载：请重新加载本页。".to_owned(),
        Error::NotAnAddress(address) => {
            format!("{address} 不是文本的网址，网址以 https:// 或 http:// 开头：请在链接的 text= 之后写一个网址。")
        }
        Error::AddressUnreachable(address) => {
            format!("无法从 {address} 取得文本：服务器连不上，或不允许别的网页读取（CORS）；请下载文本后选择该文件。")
        }
        Error::AddressAnswers { address, status } => {
            format!("{address} 的回答是 {status}，不是文本：请检查链接，或下载文本后选择该文件。")
        }
        Error::AddressSlow { address, seconds } => {
            format!("{address} 在 {seconds} 秒内没有传完：请重试，或下载文本后选择该文件。")
        }
        Error::EmptyPrefix => "前缀为空：请至少输入一个字符。".to_owned(),
        Error::NothingToBranch => "没有可以从中继续的训练：请按“训练”开始一次。".to_owned(),
        Error::EpochOutOfReach { epoch } => format!(
            "无法再次到达第 {epoch} 个轮次，因为这次训练是从文件或在另一个引擎上恢复的：请从它的检查点恢复，并从更晚的轮次继续。"
        ),
        Error::PassageTooShort => "要观察的文段太短：请至少选择两个字符。".to_owned(),
        Error::PassageTooLong { length, allowed } => {
            format!("要观察的文段有 {length} 个字符，最多只能读取 {allowed} 个：请选择短一些的文段。")
        }
        Error::PrefixTooLong { length, allowed } => {
            format!("前缀有 {length} 个字符，最多可续写 {allowed} 个：请缩短它。")
        }
        Error::AnswerTooLong { length, allowed } => {
            format!("一次续写 {length} 个字符太多：最多 {allowed} 个。")
        }
        Error::Temperature { given } => format!("温度 {given} 不是 {COLDEST} 到 {HOTTEST} 之间的数：请输入一个。"),
        Error::TopK => "从 0 个候选中无法选取：请把候选数（top k）设为 1 或更多。".to_owned(),
        Error::NoWebGpu => "此浏览器在这里没有 WebGPU：请通过 https 或在 localhost 上使用 Chrome 或 Edge 127、\
                            Firefox 141 或 Safari 26（或更新版本）；Linux 上的 Chrome 请启用 \
                            chrome://flags/#enable-unsafe-webgpu。"
            .to_owned(),
        Error::NoAdapter => "此浏览器有 WebGPU，但找不到 GPU 适配器：请打开硬件加速，在 Chrome 或 Edge 中还可启用 \
                             chrome://flags/#enable-unsafe-webgpu，或使用 Firefox 141 或 Safari 26（或更新版本）。"
            .to_owned(),
        Error::TooLarge { megabytes, allowed_megabytes, largest } => {
            let ways: Vec<String> =
                largest.iter().map(|(key, most)| format!("{}设为不超过 {most}", in_words(key))).collect();
            let ways = if ways.is_empty() { "几项大小都大幅减小".to_owned() } else { ways.join("，或") };
            format!("网络需要 {megabytes} MB 的缓冲区，而此设备允许 {allowed_megabytes} MB：请把{ways}。")
        }
        Error::TooLargeForCpu { megabytes, allowed_megabytes } => format!(
            "网络需要 {megabytes} MB 内存，而 CPU 引擎最多可用 {allowed_megabytes} MB：\
             请减小隐藏单元数（hidden）、批量大小（batch）或时间步数（steps）。"
        ),
        Error::TooManyMinibatches { minibatches, most } => format!(
            "一个轮次会有 {minibatches} 个小批量，最多能记录 {most} 个：\
             请增大批量大小（batch）或时间步数（steps），或减少训练词元数（tokens）。"
        ),
        Error::NoDevice(why) => {
            format!("GPU 适配器没有给出设备（{why}）：请关闭使用它的其他页面和程序，然后重新加载。")
        }
        Error::OutOfMemory => "GPU 的空闲内存不够这个网络使用：请减小隐藏单元数、批量大小或时间步数。".to_owned(),
        Error::NoCores(why) => format!("无法启动 CPU 引擎（{why}）：请检查网络连接并重新加载本页。"),
        Error::NoMemory { megabytes } => format!(
            "浏览器无法再提供此网络所需的 {megabytes} MB 内存：请关闭其他页面，或调低隐藏单元数（hidden）、批量大小（batch）或时间步数（steps）。"
        ),
        Error::CoreLost => "CPU 引擎的一个线程没有响应：请按“训练”重新开始。".to_owned(),
        Error::Gpu(why) => format!("GPU 报告了错误，训练因此停止（{why}）：请按“训练”重新开始。"),
        Error::Lost { reason } => {
            format!("GPU 一再出错（{reason}），训练停在上一个轮次结束处：请按“继续”再试一次。")
        }
        Error::Diverged(divergence) => words::divergence(&CHINESE, divergence),
        Error::NoNetwork => "没有可以续写的网络：请按“训练”再试一次。".to_owned(),
        Error::NotUnderstood(why) => format!("训练程序无法理解页面的消息（{why}）：请重新加载本页。"),
        Error::WorkerBroke(why) => format!("负责训练的 Worker 出了故障（{why}）：请按“重置”另启一个。"),
        Error::WorkerStopped(why) => format!("负责训练的 Worker 停止了（{why}）：请按“重置”重新启动。"),
        Error::WorkerNotLoaded => "无法加载负责训练的 Worker：请检查网络连接，然后按“重置”。".to_owned(),
        Error::WorkerSilent { seconds } => {
            format!("负责训练的 Worker 已有 {seconds} 秒没有回应：请检查网络连接，然后按“重置”。")
        }
        Error::WorkerNotStarted(why) => {
            format!("无法启动负责训练的 Worker（{why}）：请重新加载本页；若仍不行，请允许本站使用 Worker。")
        }
        Error::WorkerUnreadable => "无法读取负责训练的 Worker 发来的消息：请按“重置”。".to_owned(),
        Error::WorkerUnknown(why) => {
            format!("负责训练的 Worker 发来本页无法理解的消息（{why}）：请重新加载本页，使两者版本一致。")
        }
    }
}

fn setting_error(error: &SettingError) -> String {
    match error {
        SettingError::Refused { key, given } => {
            let wanted = match setting(key).map(|setting| setting.values) {
                Some(Values::Whole(min, max)) => format!("，不是 {min} 到 {max} 之间的整数：请输入一个"),
                Some(Values::Positive(max)) => {
                    format!("，不是大于 0 且不超过 {max} 的数：请输入一个，小数点写作“.”，如 0.5")
                }
                Some(Values::NotNegative(max)) => {
                    format!("，不是 0 到 {max} 之间的数：请输入一个，小数点写作“.”，如 0.5")
                }
                Some(Values::AutoOr(max)) => format!("，既不是 auto，也不是 1 到 {max} 之间的整数：请输入一个"),
                Some(Values::Words(choices)) => format!("：请从 {} 中选择", choices.join("、")),
                None => String::new(),
            };
            format!("{}是“{given}”{wanted}。", in_words(key))
        }
        SettingError::WindowOffset { given, largest } => format!(
            "窗口偏移（window-offset）是“{given}”，不是 0 到 {largest} 之间的整数：请输入一个，或留空以随机偏移。"
        ),
        SettingError::RandomCarry => "随机采样和所有窗口都以随机顺序取窗口，隐状态无法从一个窗口传到下一个：\
                                      请把隐状态（state）设为重置，或把采样（sampling）设为顺序。"
            .to_owned(),
        SettingError::Unknown(key) => format!("没有名为“{key}”的设置：请参阅 docs/settings.md。"),
    }
}

fn file_fault(fault: &FileFault) -> String {
    match fault {
        FileFault::LfsPointer => "它只是 Git LFS 指针，文件本身要用 `git lfs pull` 取得".to_owned(),
        FileFault::WebPage => "它是网页，不是网页所指的文件".to_owned(),
        FileFault::Text => "它是纯文本，可以用来训练，但其中没有网络".to_owned(),
        FileFault::NotSafetensors(why) => format!("它不是 safetensors 文件：{why}"),
        FileFault::NotACheckpoint => "它不是检查点，元数据中没有 format；只含参数的文件请放到“从文件开始”".to_owned(),
        FileFault::Format { given, wanted } => format!("它的格式是“{given}”，而这里读取“{wanted}”"),
        FileFault::Lacks(key) => format!("它的元数据中没有 {key}"),
        FileFault::Settings(error) => format!("它的设置有误：{}", clause(error)),
        FileFault::WindowOffset { given, largest } => {
            format!("它的窗口偏移是“{given}”，不是 0 到 {largest} 之间的整数")
        }
        FileFault::Vocabulary => "它的词表是空的，或有重复的字符".to_owned(),
        FileFault::NoTensor(name) => format!("没有张量 {name}"),
        FileFault::Type { name, given, wanted } => format!("{name} 的类型是 {given}，不是 {wanted}"),
        FileFault::Shape { name, given, wanted } => format!("{name} 的形状是 {given:?}，不是 {wanted:?}"),
        FileFault::NotFinite { name, element, given } => format!("{name} 的第 {element} 个元素是 {given}"),
        FileFault::Samples(why) => format!("它的样本不是文本的列表：{why}"),
        FileFault::SampleCount { epochs, samples } => format!("它有 {epochs} 个轮次，却有 {samples} 个样本"),
        FileFault::Branches(why) => format!("它的分支不是轮次与设置的列表：{why}"),
        FileFault::BranchesOrder => "它的分支没有按顺序排列、属于别的网络，或所在的轮次不存在".to_owned(),
        FileFault::EpochCount { given, most } => format!("它有 {given} 个轮次，而总共只有 {most} 个"),
        FileFault::Epoch { epoch, loss, tokens_per_second } => {
            format!("第 {epoch} 轮的损失是 {loss}，速度是每秒 {tokens_per_second} 个词元")
        }
        FileFault::Minibatches { epoch, given } => format!("第 {epoch} 轮的小批量数是 {given}"),
        FileFault::GradNorm { epoch, given } => format!("第 {epoch} 轮有一个梯度范数是 {given}"),
        FileFault::GradNormsLeft(left) => format!("grad_norms 比各轮的小批量多出 {left} 个数"),
        FileFault::Validation { epoch, given } => format!("第 {epoch} 轮的验证困惑度是 {given}"),
        FileFault::Hyperparameters(error) => format!("它的学习率或裁剪阈值有误：{}", clause(error)),
        FileFault::HyperparametersPosition { epoch, minibatch } => {
            format!("它在轮次 {epoch}、小批量 {minibatch} 处更改学习率或裁剪阈值，而两者应是从 0 数起的整数")
        }
        FileFault::HyperparametersOrder => "它的学习率或裁剪阈值的更改不是从头记起，或次序不对".to_owned(),
        FileFault::OtherVocabulary => "它的词表与它的文本不符".to_owned(),
    }
}

/// A setting's error as part of another sentence, without its full stop.
fn clause(error: &SettingError) -> String {
    setting_error(error).trim_end_matches('。').to_owned()
}

/// A setting's name in a sentence: label and key.
fn in_words(key: &str) -> String {
    format!("{}（{key}）", words::label(&CHINESE, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::language::ENGLISH;

    #[test]
    fn errors_are_said_in_both_languages() {
        let refused = |key: &str| SettingError::Refused { key: key.into(), given: "x".into() };
        let largest = vec![("hidden".to_owned(), 640), ("steps".to_owned(), 12)];
        for error in [
            Error::from(refused("lr")),
            refused("seed").into(),
            refused("sampling").into(),
            SettingError::RandomCarry.into(),
            Error::TooLarge { megabytes: 300, allowed_megabytes: 128, largest },
            Error::NoAdapter,
            Error::EmptyText,
            Error::ShortText { length: 1, batch: 32, steps: 35, needed: 1156 },
            Error::BadCheckpoint(FileFault::Settings(refused("lr"))),
            Error::BadParameters(FileFault::Shape { name: "w_xh".into(), given: vec![2, 4], wanted: vec![2, 3] }),
            Error::AddressSlow { address: "http://x".into(), seconds: 30 },
            Error::WorkerSilent { seconds: 60 },
        ] {
            let [english, chinese] = [&ENGLISH, &CHINESE].map(|w| sentence(w, &error));
            assert_eq!(english, error.to_string());
            assert!(english.is_ascii() || english.contains('“'), "{english}");
            assert!(english.ends_with('.') && chinese.ends_with('。'), "{english} {chinese}");
        }
        let error = Error::TooLarge { megabytes: 300, allowed_megabytes: 128, largest: vec![("hidden".into(), 640)] };
        assert_eq!(
            sentence(&CHINESE, &error),
            "网络需要 300 MB 的缓冲区，而此设备允许 128 MB：请把隐藏单元数（hidden）设为不超过 640。"
        );
    }
}
