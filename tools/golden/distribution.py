#!/usr/bin/env python3
"""Records what the published tools compute, for tests/eval: tools/golden/distribution.py OUT_FOLDER.

Needs numpy, scipy, pillow, torch, torchvision, pytorch-fid, torch-fidelity, clean-fid and safetensors from
PyPI; nothing of Tessera does. The network's weights are drawn from Philox by rule (weight_of), so that they
need no file: pytorch-fid's own network runs with them.
"""

import pathlib
import sys

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import save_file

SEED = 42
PURPOSE_INIT = 11


def philox(seed, image, purpose, step, blocks):
    """[blocks, 4] uint32 of Philox4x32-10 (Salmon et al., 2011)."""
    m = np.uint64(0xFFFFFFFF)
    c = [np.arange(blocks, dtype=np.uint64), np.full(blocks, step, np.uint64),
         np.full(blocks, image, np.uint64), np.full(blocks, purpose, np.uint64)]
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p, q = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(q >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), q & m, (p >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p & m]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, 1).astype(np.uint32)


def uniform(image, shape):
    """In (0, 1), exact in float32."""
    count = int(np.prod(shape, dtype=np.int64))
    words = philox(SEED, image, PURPOSE_INIT, 0, (count + 3) // 4).reshape(-1)[:count]
    return (((words >> 9).astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-23)).reshape(shape)


def weight_of(number, name, shape):
    """float32 arithmetic throughout, one rounding an operation, as the test repeats it."""
    u = uniform(number, shape)
    if name.endswith("conv.weight"):
        reach = np.float32(np.sqrt(6.0 / np.prod(shape[1:])))
        return (u * np.float32(2) - np.float32(1)) * reach
    if name == "fc.weight":
        return (u * np.float32(2) - np.float32(1)) * np.float32(0.25)
    if name.endswith("bn.weight") or name.endswith("running_var"):
        return u + np.float32(0.5)
    return u * np.float32(0.5) - np.float32(0.25)


def random_weights(shapes):
    names = sorted(shapes)
    return {n: torch.from_numpy(weight_of(k, n, shapes[n])) for k, n in enumerate(names)}


def pytorch_fid_network():
    import pytorch_fid.inception as pf
    shapes = {}

    def weights(*_args, **_kwargs):
        return shapes["state"]

    import torchvision
    plain = torchvision.models.inception_v3(num_classes=1008, aux_logits=False, init_weights=False)
    names = {k: tuple(v.shape) for k, v in plain.state_dict().items() if not k.endswith("num_batches_tracked")}
    shapes["state"] = random_weights(names)
    original = torch.nn.Module.load_state_dict
    torch.nn.Module.load_state_dict = lambda self, s: original(self, s, strict=False)
    pf.load_state_dict_from_url = weights
    try:
        net = pf.fid_inception_v3().eval()
        wrapped = {resize: pf.InceptionV3([3], resize_input=resize, normalize_input=resize).eval() for resize in (True, False)}
    finally:
        torch.nn.Module.load_state_dict = original
    return net, wrapped, shapes["state"]


def pictures():
    rng = np.random.default_rng(7)
    out = []
    for height, width in ((30, 47), (320, 40), (120, 150)):
        y, x = np.mgrid[0:height, 0:width]
        wave = 127 + 100 * np.sin(0.3 * x + 0.05 * y * y / 10)[..., None] * np.array([1, -0.6, 0.3])
        noise = rng.integers(-60, 60, (height, width, 3))
        out.append(np.clip(wave + noise, 0, 255).astype(np.uint8))
    return out


def record_resizing(out, pics):
    sizes = ((13, 19), (34, 60), (30, 11))
    small = pics[0]
    out["picture"] = small
    for k, (h, w) in enumerate(sizes):
        out[f"size{k}"] = np.array([h, w])
        for name, flt in (("bicubic", Image.BICUBIC), ("bilinear", Image.BILINEAR)):
            out[f"pillow.{name}{k}"] = np.asarray(Image.fromarray(small).resize((w, h), flt))
            planes = [np.asarray(Image.fromarray(small[:, :, c].astype(np.float32)).resize((w, h), flt)) for c in range(3)]
            out[f"pillow_float.{name}{k}"] = np.stack(planes, 2)
        from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x as tf1
        x = torch.from_numpy(small.astype(np.float32)).permute(2, 0, 1)[None]
        out[f"tensorflow{k}"] = tf1(x, size=(h, w), align_corners=False)[0].permute(1, 2, 0).numpy()
        out[f"torch{k}"] = torch.nn.functional.interpolate(x, size=(h, w), mode="bilinear", align_corners=False)[0].permute(1, 2, 0).numpy()


def record_inception(out, pics):
    net, wrapped, state = pytorch_fid_network()
    grid = []
    net.Mixed_6d.register_forward_hook(lambda _m, _i, y: grid.append(y))

    def full(x):
        grid.clear()
        with torch.no_grad():
            pooled = wrapped_forward(net, x)
            logits = pooled @ state["fc.weight"].T
        return pooled.numpy(), grid[0][:, :7].permute(0, 2, 3, 1).flatten(1).numpy(), logits.numpy()

    inputs = torch.from_numpy(uniform(1000, (2, 3, 299, 299)) * np.float32(2) - np.float32(1))
    out["pooled"], out["spatial"], out["logits"] = full(inputs)

    # The four ways to the network, each by the tool that it is named for.
    from cleanfid.resize import build_resizer
    from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x as tf1
    for k, pic in enumerate(pics):
        out[f"picture{k}"] = pic
        byte = torch.from_numpy(pic).permute(2, 0, 1)[None]
        resized = {"clean": (torch.from_numpy(build_resizer("clean")(pic)).permute(2, 0, 1)[None] - 128) / 128,
                   "torch-fidelity": (tf1(byte.float(), size=(299, 299), align_corners=False) - 128) / 128}
        for mode, x in resized.items():
            out[f"{mode}.input{k}"] = x[0, :, ::23, ::23].contiguous().numpy()
            out[f"{mode}.pooled{k}"] = full(x)[0][0]
        x = torch.nn.functional.interpolate(byte.float() / 255, size=(299, 299), mode="bilinear", align_corners=False)
        out[f"legacy-pytorch.input{k}"] = (2 * x - 1)[0, :, ::23, ::23].contiguous().numpy()
        with torch.no_grad():
            out[f"legacy-pytorch.pooled{k}"] = wrapped[True](byte.float() / 255)[0][0, :, 0, 0].numpy()
    return state


def wrapped_forward(net, x):
    """pytorch-fid's network up to the pool."""
    x = net.Conv2d_2b_3x3(net.Conv2d_2a_3x3(net.Conv2d_1a_3x3(x)))
    x = torch.nn.functional.max_pool2d(x, 3, 2)
    x = torch.nn.functional.max_pool2d(net.Conv2d_4a_3x3(net.Conv2d_3b_1x1(x)), 3, 2)
    for name in ("5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"):
        x = getattr(net, "Mixed_" + name)(x)
    return x.mean((2, 3))


def record_metrics(out):
    """Numbers of clean-fid, torch-fidelity and pytorch-fid on the same small features."""
    rng = np.random.default_rng(11)
    a = (rng.normal(size=(300, 16)) @ rng.normal(size=(16, 16)) + 0.3).astype(np.float32)
    b = (rng.normal(size=(260, 16)) @ rng.normal(size=(16, 16))).astype(np.float32)
    out["a"], out["b"] = a, b
    from pytorch_fid.fid_score import calculate_frechet_distance as frechet
    f8 = [x.astype(np.float64) for x in (a, b)]
    stats = [(x.mean(0), np.cov(x, rowvar=False)) for x in f8]
    import scipy.linalg
    root = scipy.linalg.sqrtm(stats[0][1] @ stats[1][1])
    d = stats[0][0] - stats[1][0]
    value = d @ d + np.trace(stats[0][1]) + np.trace(stats[1][1]) - 2 * np.trace(root).real
    try:
        theirs = frechet(*stats[0], *stats[1])
        assert abs(theirs - value) < 1e-9 * value
    except TypeError:  # newer scipy has another signature; the formula above is the same line
        pass
    out["fid"] = np.array(value)
    k = [(x @ y.T / 16 + 1) ** 3 for x, y in ((f8[0], f8[0]), (f8[1], f8[1]), (f8[0][:260], f8[1]))]
    from torch_fidelity.metric_kid import mmd2
    k_aa = (f8[0][:260] @ f8[0][:260].T / 16 + 1) ** 3
    out["kid_260"] = np.array(mmd2(k_aa, k[2], k[1]))
    from torch_fidelity.metric_isc import isc_features_to_metric
    score = isc_features_to_metric(torch.from_numpy(a), splits=7, shuffle=False)
    out["is_7"] = np.array([score["inception_score_mean"], score["inception_score_std"]])
    from torch_fidelity.metric_prc import calculate_precision_recall_full
    near = torch.from_numpy(rng.normal(size=(200, 3))), torch.from_numpy(rng.normal(size=(180, 3)) * 1.4 + 0.9)
    out["near_generated"], out["near_real"] = near[0].numpy(), near[1].numpy()
    out["precision_recall_4"] = np.array(calculate_precision_recall_full(near[0], near[1], 4))
    # density and coverage by their definitions, one point at a time
    gen, real = near[0].numpy(), near[1].numpy()
    dist = np.sqrt(((real[:, None] - gen[None]) ** 2).sum(-1))
    own = np.sqrt(((real[:, None] - real[None]) ** 2).sum(-1))
    radius = np.array([sorted(np.delete(own[i], i))[3] for i in range(len(real))])
    out["density_coverage_4"] = np.array([sum((dist[:, j] <= radius).sum() for j in range(len(gen))) / (4 * len(gen)),
                                          np.mean([dist[i].min() <= radius[i] for i in range(len(real))])])


def record_npz(folder):
    rng = np.random.default_rng(3)
    mu, sigma = rng.normal(size=5), rng.normal(size=(5, 5))
    np.savez(folder / "stored.npz", mu=mu, sigma=sigma)
    np.savez_compressed(folder / "deflated.npz", mu=mu, sigma=np.asfortranarray(sigma), mu_s=mu[:3].astype(np.float32),
                        sigma_s=np.zeros((3, 3)), many=np.arange(20000) % 251, flags=np.array([True, False]))
    save_file({"mu": mu, "sigma": sigma}, folder / "npz-expected.safetensors")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    pics = pictures()
    resizing, inception, metrics = {}, {}, {}
    record_resizing(resizing, pics)
    record_metrics(metrics)
    record_npz(folder)
    record_inception(inception, pics)
    for name, content in (("resizing", resizing), ("inception", inception), ("metrics", metrics)):
        save_file({k: np.ascontiguousarray(v) for k, v in content.items()}, folder / f"distribution-{name}.safetensors")


if __name__ == "__main__":
    main()
