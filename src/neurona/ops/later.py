"""Families of `ops` that are loaded when one of their names is first asked for.

Most programs need few of them, and an import of all would take as long as that of the rest.
"""

LATER = {  # file -> its public names
    "activations": """
        celu elu gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
        leaky_relu log_sigmoid relu relu6 selu silu soft_shrink softsign sparse_plus
        sparse_sigmoid sparsemax squareplus swish tanh_shrink threshold
    """,
    "control": """
        cond fori_loop switch while_loop
    """,
    "crossentropy": """
        binary_crossentropy categorical_crossentropy in_top_k psnr
        sparse_categorical_crossentropy
    """,
    "own_gradient": """
        custom_gradient
    """,
    "factors": """
        cholesky cholesky_inverse lu_factor qr
    """,
    "filters": """
        gaussian_blur sobel_edges ssim
    """,
    "fourier": """
        dft fft fft2 half_dft half_dft_adjoint ifft2 irfft polar rfft view_as_complex
        view_as_real
    """,
    "framing": """
        crop_images hsv_to_rgb pad_images resize rgb_to_grayscale rgb_to_hsv
        scale_and_translate
    """,
    "mapping": """
        associative_scan map vectorized_map
    """,
    "matrices": """
        cofactors det inv logdet slogdet solve solve_triangular
    """,
    "normalizing": """
        batch_normalization layer_normalization moments normalize rms_normalization
    """,
    "norms": """
        cdist norm
    """,
    "patches": """
        depth_to_space extract_patches extract_patches_3d fold space_to_depth unfold
    """,
    "placing": """
        scatter scatter_update slice slice_update
    """,
    "rearranging": """
        rearrange
    """,
    "sampling": """
        affine_transform elastic_transform map_coordinates perspective_transform
    """,
    "segments": """
        segment_max segment_min segment_prod segment_sum
    """,
    "spatial": """
        adaptive_average_pool adaptive_max_pool average_pool conv conv_transpose
        depthwise_conv max_pool separable_conv
    """,
    "spectra": """
        eig eigh lstsq matrix_rank pinv singular_values svd
    """,
    "spectrograms": """
        extract_sequences istft stft
    """,
}
HOMES = {name: file for file, names in LATER.items() for name in names.split()}
NAMESPACES = ("image", "linalg", "nn")  # files with names of `ops`, as Keras has them
